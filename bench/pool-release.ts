/**
 * A release of 1,000 contributions of 200 events each: opened with 3 of 5 keyholders over TCP on loopback, made k-anonymous, sealed to its trainer.
 * `npm run bench -- pool-release [contributions] [events]`. Keyholders, the one who holds the chunks and the assembler share one process, so its
 * CPU is that of all of them. Beside it, in the same run: the keys of one contribution after the other, and what no release can do without (every
 * chunk opened by AES and unpacked twice, the bundle's bytes packed and sealed by age). Targets: a tenth of the day that an order is good for, and
 * as much memory for all contributions as for a tenth of them, with 128 MiB of room.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { gzipSync } from 'node:zlib'
import { askAgain, blocksProtocol } from '../core/mesh/index.ts'
import { signReceipt, subjectKey } from '../dao/consent/index.ts'
import {
  askForKeys,
  deal,
  dealtHash,
  generateAgeIdentity,
  keyCommit,
  keyFromSecret,
  openChunk,
  poolContext,
  randomScalar,
  sealChunk,
  sealStream,
} from '../dao/custody/index.ts'
import { assemblePoolRelease, chunkReader, type PoolContribution, readOrder, signOrders } from '../dao/pool-release/index.ts'
import {
  canonicalJson,
  cborCid,
  type CID,
  encode,
  MAX_INDICES,
  peerFromDid,
  type PoolManifest,
  poolTermsOf,
  rawCid,
  toHex,
  u32,
  utf8,
} from '../schemas/wire/index.ts'
import { PoolNetwork } from '../tests/support/pool-network.ts'
import { fill, LEDGER, operator, receiptFor, sampleManifest, subject, trainer } from '../tests/support/pool-world.ts'
import { PaperBox } from '../validator/keyholder/papers.ts'

const MiB = 1 << 20
const DAY_SECONDS = 86_400
/** Each has its own secret, salt and keys; a contribution takes the next of them, for sealing is not what is measured. */
const DEALINGS = 16
const CHUNKS = 128
const TERMS = poolTermsOf({})

interface Dealt {
  salt: Uint8Array
  context: Uint8Array
  shares: Uint8Array[]
  commitments: Uint8Array[]
  keys: Uint8Array[]
}

function dealOne(): Dealt {
  const secret = randomScalar()
  const { shares, commitments } = deal({ k: 3, n: 5, secret })
  const salt = new Uint8Array(randomBytes(32))
  const context = poolContext(commitments[0] as Uint8Array, salt)
  return { salt, context, shares, commitments, keys: Array.from({ length: CHUNKS }, (_, i) => keyFromSecret(secret, context, i)) }
}

/** What somebody listened to within ten years, by the hour; the same titles as others, and a text now and then. */
function linesOf(person: number, events: number): string[] {
  return Array.from({ length: events }, (_, i) => {
    const at = (person * 31 + i * 7919) % 87_600
    const time = new Date(Date.UTC(2016, 0, 1) + at * 3_600_000).toISOString().slice(0, 13)
    return canonicalJson({
      id: toHex(u32(person * 1_000_003 + i)).padEnd(32, '0'),
      type: i % 5 === 0 ? 'Comment' : 'Listen',
      time: `${time}:00:00Z`,
      actor: 'self',
      object:
        i % 5 === 0
          ? { kind: 'comment', text: `What I thought of song ${i} that day, ${person} times over, was not much. `.repeat(1 + (i % 4)) }
          : { kind: 'track', name: `Song ${(i * 7919 + person) % 5000}`, durationS: 200 + (i % 60) },
      source: i % 5 === 0 ? 'reddit' : 'spotify',
      ...(i % 5 === 0 && { lang: person % 4 === 0 ? 'de' : 'en' }),
    })
  })
}

/** Sealed chunks of everybody in one file; in memory is where each begins. */
class ChunkFile implements AsyncDisposable {
  readonly #folder: string
  readonly #file: Awaited<ReturnType<typeof open>>
  readonly #places = new Map<string, number>()
  #at = 0

  private constructor(folder: string, file: Awaited<ReturnType<typeof open>>) {
    this.#folder = folder
    this.#file = file
  }

  static async create(): Promise<ChunkFile> {
    const folder = await mkdtemp(path.join(tmpdir(), 'quern-bench-pool-release-'))
    return new ChunkFile(folder, await open(path.join(folder, 'chunks'), 'w+'))
  }

  async add(chunks: readonly Uint8Array[]): Promise<CID[]> {
    const cids = chunks.map(rawCid)
    const bytes = Buffer.concat(chunks.flatMap((chunk) => [u32(chunk.byteLength), chunk]))
    const at = this.#at
    for (const [i, chunk] of chunks.entries()) {
      this.#places.set(Buffer.from((cids[i] as CID).multihash.digest).toString('latin1'), this.#at)
      this.#at += 4 + chunk.byteLength
    }
    await this.#file.write(bytes, 0, bytes.byteLength, at)
    return cids
  }

  async read(cid: CID): Promise<Uint8Array | null> {
    const at = this.#places.get(Buffer.from(cid.multihash.digest).toString('latin1'))
    if (at === undefined) return null
    const head = Buffer.alloc(4)
    await this.#file.read(head, 0, 4, at)
    const bytes = new Uint8Array(head.readUInt32BE())
    await this.#file.read(bytes, 0, bytes.byteLength, at + 4)
    return bytes
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
    await rm(this.#folder, { recursive: true })
  }
}

/** As deposits would leave it: rows in each keyholder's table, papers beside them, chunks with whoever keeps them. */
async function fillPool(pool: PoolNetwork, chunks: ChunkFile, people: number, events: number): Promise<PoolContribution[]> {
  const dealings = Array.from({ length: DEALINGS }, dealOne)
  const boxes = pool.holders.map(({ kv }) => new PaperBox(kv))
  const contributions: PoolContribution[] = []
  for (let from = 0; from < people; from += 50) {
    const some = await Promise.all(
      Array.from({ length: Math.min(50, people - from) }, (_, i) => one(from + i, dealings[(from + i) % DEALINGS] as Dealt)),
    )
    for (const [seat, { table }] of pool.holders.entries()) {
      const at = pool.now()
      await table.put(
        some.map(({ dealt: { salt, shares, commitments }, cid, paperKey }) => ({
          v: 1 as const,
          manifest: cid,
          receipts: [fill(3)],
          salt,
          dealt: dealtHash(commitments),
          held: { x: seat + 1, generation: 0, share: shares[seat] as Uint8Array, commitments },
          next: [],
          current: true,
          paperKey,
          at,
          expires: at + 30 * DAY_SECONDS,
        })),
      )
    }
    contributions.push(...some.map(({ cid, manifest }) => ({ cid, manifest })))
  }
  return contributions

  async function one(person: number, dealt: Dealt) {
    const owner = subjectKey(utf8(`person ${person}`.padEnd(32)), LEDGER)
    const lines = linesOf(person, events)
    const count = Math.min(CHUNKS, events)
    const groups = Array.from({ length: count }, (_, i) =>
      lines.slice(Math.ceil((i * events) / count), Math.ceil(((i + 1) * events) / count)),
    )
    const sealed = groups.map((group, i) =>
      sealChunk(utf8(group.map((line) => `${line}\n`).join('')), dealt.keys[i] as Uint8Array, dealt.context, i),
    )
    const { commitments, salt } = dealt
    const manifest: PoolManifest = sampleManifest(pool.policy, {
      subject: owner.did,
      chunks: await chunks.add(sealed),
      records: events,
      keyCommit: keyCommit(commitments[0] as Uint8Array, dealtHash(commitments), salt),
    })
    const given = pool.now() - 60
    const receipt = signReceipt(receiptFor(pool.policy, manifest, { subject: owner.did, given, expires: given + 30 * DAY_SECONDS }), owner)
    const [cid, paperKey] = [cborCid(encode(manifest)), new Uint8Array(randomBytes(32))]
    await Promise.all(boxes.map((box) => box.put(cid, paperKey, { manifest, receipt })))
    return { cid, manifest, dealt, paperKey }
  }
}

interface Used {
  wallS: number
  cpuS: number
}

async function timed(what: string, work: () => unknown): Promise<Used> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  await work()
  const { user, system } = process.cpuUsage(cpu)
  const used = { wallS: (performance.now() - wall) / 1000, cpuS: (user + system) / 1e6 }
  console.log(`${what}: ${used.wallS.toFixed(1)} s on the wall, ${used.cpuS.toFixed(1)} s of CPU`)
  return used
}

/** The most that the process holds while it works, every tenth of a second: the peak of the whole process includes filling the pool. */
async function watched<T>(work: () => Promise<T>): Promise<{ result: T; peakMiB: (fromPart: number, toPart: number) => number }> {
  const samples: number[] = []
  const stop = new AbortController()
  const watching = (async () => {
    for (;;) {
      samples.push(process.memoryUsage.rss() / MiB)
      await setTimeout(100, undefined, { signal: stop.signal })
    }
  })().catch(() => {})
  const result = await work()
  stop.abort()
  await watching
  return { result, peakMiB: (from, to) => Math.max(...samples.slice(Math.floor(from * samples.length), Math.ceil(to * samples.length))) }
}

async function bench(people: number, events: number): Promise<boolean> {
  await using pool = await PoolNetwork.open()
  await using chunks = await ChunkFile.create()
  let contributions: PoolContribution[] = []
  await timed(`${people} contributions of ${events} events put`, async () => (contributions = await fillPool(pool, chunks, people, events)))
  using _served = pool.contributor.handle(blocksProtocol, async ({ cids }) => ({
    blocks: await Promise.all(cids.map((cid) => chunks.read(cid))),
  }))
  await pool.assembling.connect(pool.contributor.addresses())

  const canaryKey = fill(88)
  const trainerKey = await generateAgeIdentity()
  const at = pool.now()
  const common = { dao: LEDGER, assembler: operator.did, deleteWithinDays: TERMS.deleteWithinDays, canaryKey }
  const draft = {
    ...common,
    name: 'pool-1',
    purposes: ['ai:ModelTraining' as const],
    trainer: trainer.did,
    recipient: trainerKey.recipient,
  }
  const manifests = contributions.map(({ cid }) => cid)
  const orders = signOrders({ ...draft, manifests, at, expires: at + DAY_SECONDS, canaries: 24 }, operator).map((bytes) => ({
    value: readOrder(bytes, { ...common, operator: operator.did, now: at }),
    bytes,
  }))
  const { assembling: mesh, clock, committee } = pool
  const opening = { mesh, clock, signer: operator, committee, epoch: 7 }

  const few = contributions.slice(0, Math.min(5, people))
  const keys = await timed(`keys of ${few.length} contributions, one after the other`, async () => {
    for (const { manifest } of few)
      for (let from = 0; from < manifest.chunks.length; from += MAX_INDICES) {
        const indices = manifest.chunks.slice(from, from + MAX_INDICES).map((_, i) => from + i)
        await askForKeys({
          ...opening,
          manifest,
          indices,
          role: 'assembler',
          purpose: 'ai:ModelTraining',
          order: (orders[0] as { bytes: Uint8Array }).bytes,
        })
      }
  })

  let bundleBytes = 0
  let rows = 0
  const before = process.memoryUsage.rss() / MiB
  let peakMiB: (fromPart: number, toPart: number) => number = () => 0
  const made = await timed(`a release of ${people}`, async () => {
    const { result, ...seen } = await watched(() =>
      assemblePoolRelease({
        ...opening,
        operator,
        orders,
        contributions,
        policy: { cid: pool.policy.cid, value: pool.policy.policy },
        terms: TERMS,
        statistics: null,
        readChunks: chunkReader({
          holders: [subject.did],
          ask: async (holder, cids) => (await askAgain(mesh, peerFromDid(holder), blocksProtocol, { cids: [...cids] })).blocks,
          reconnect: async () => {},
        }),
        known: () => ({ isEnded: () => false, withdrawals: [], at }),
        canaryKey,
        random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
        about: {
          title: 'Upper Mill',
          contact: 'mailto:miller@mill.example',
          redaction: 'activity@1/1',
          throughEpoch: 7,
          previous: null,
          tokensAtMost: 20 * events * people,
        },
        sink: {
          open: async () => ({
            write: async (piece) => void (bundleBytes += piece.byteLength),
            close: async () => {},
            discard: async () => {},
          }),
        },
      }),
    )
    peakMiB = seen.peakMiB
    ;({ rows } = result.report)
    if (result.left.length > 0) throw new Error(`left out: ${result.left[0]?.code}`)
  })

  // what comes of a dealing's keys is the same work for each of those who have them
  const dealing = dealOne()
  const bare = await timed('bare: chunks opened twice, packed and sealed by age', async () => {
    for (const round of [0, 1])
      for (const [n] of contributions.entries()) {
        const group = linesOf(n, Math.ceil(events / CHUNKS))
        const sealed = sealChunk(utf8(group.map((line) => `${line}\n`).join('')), dealing.keys[0] as Uint8Array, dealing.context, 0)
        for (let i = 0; i < Math.min(CHUNKS, events); i++) openChunk(sealed, dealing.keys[0] as Uint8Array, dealing.context, 0)
        if (round === 1) gzipSync(linesOf(n, events).join('\n'))
      }
    for await (const _ of sealStream(zeros(bundleBytes), trainerKey.recipient)) void _
  })

  const each = (used: Used, of: number): string =>
    `${((1000 * used.wallS) / of).toFixed(0)} ms on the wall, ${((1000 * used.cpuS) / of).toFixed(0)} ms of CPU`
  console.log(`each contribution: ${each(made, people)}; its keys alone ${each(keys, few.length)}; bare ${each(bare, people)}`)
  console.log(`${rows} rows, a bundle of ${(bundleBytes / 1024).toFixed(0)} KiB, ${((events * people) / made.wallS).toFixed(0)} events/s`)
  const [first, all] = [peakMiB(0, 0.1), peakMiB(0, 1)]
  console.log(
    `memory: ${before.toFixed(0)} MiB before, at most ${first.toFixed(0)} MiB in the first tenth and ${all.toFixed(0)} MiB in all`,
  )
  const [inTime, inRoom] = [made.wallS <= DAY_SECONDS / 10, all <= first + 128]
  console.log(`target: within a tenth of a day ${inTime ? 'met' : 'MISSED'}, memory ${inRoom ? 'met' : 'MISSED'}`)
  return inTime && inRoom
}

async function* zeros(bytes: number): AsyncGenerator<Uint8Array> {
  for (let left = bytes; left > 0; left -= MiB) yield new Uint8Array(Math.min(MiB, left))
}

// as every role's process is started
setFlagsFromString('--heap-growing-percent=50')
const [people = '1000', events = '200'] = process.argv.slice(2)
if (!(await bench(Number(people), Number(events)))) process.exitCode = 1
