/** A pool of several people over real TCP, whose contributions an operator puts together for a trainer. */
import { readFile } from 'node:fs/promises'
import { sealContribution, offerContribution, type Sealed } from '../../node/pool/seal/index.ts'
import { receiptHash, signReceipt, signWithdrawal, subjectKey, Tombstones } from '../../dao/consent/index.ts'
import { generateAgeIdentity } from '../../dao/custody/index.ts'
import {
  assemblePoolRelease,
  type Assembled,
  type Assembling,
  type BundleSink,
  openBundle,
  type PoolContribution,
  type PoolRow,
  readOrder,
  type OrderDraft,
  type ReadOrder,
  signOrder,
  signOrders,
} from '../../dao/pool-release/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  canonicalJson,
  type ConsentReceipt,
  encode,
  type PoolStatistics,
  type PoolTerms,
  poolTermsOf,
  type CID,
  type Purpose,
  type Withdrawal,
} from '../../schemas/wire/index.ts'
import { SeededBytes } from './byte-source.ts'
import { PoolNetwork } from './pool-network.ts'
import { fill, LEDGER, operator, receiptFor, trainer } from './pool-world.ts'

export const CANARY_KEY = fill(88)
export const TERMS: PoolTerms = poolTermsOf({ pool: { ...poolTermsOf({}), minPeople: 5 } })

/** As the ledger has published them of a pool. */
export const COUNTED: PoolStatistics = {
  v: 1,
  epsilonPpm: 1_000_000,
  minPeople: 5,
  mechanism: 'discrete-laplace',
  noises: 3,
  groups: [{ name: 'people', bins: ['all'], perBin: 1, perPerson: 1, counts: [9] }],
}

export interface Person {
  subject: Signer
  sealed: Sealed
  receipt: Uint8Array
}

/** What everybody does alike, and one thing that only this one does: far away, at night, with a service nobody else uses. */
export function linesOfPerson(n: number, count = 6): string[] {
  return Array.from({ length: count }, (_, i) => {
    const own = i === 0
    return canonicalJson({
      id: `${n}e${i}f`.padEnd(32, '0'),
      type: own ? 'Post' : 'Listen',
      time: own ? `2025-0${1 + (n % 9)}-1${n % 10}T03:00:00Z` : `2025-${String(1 + (i % 3)).padStart(2, '0')}-0${1 + (i % 3)}`,
      actor: 'self',
      object: {
        kind: own ? 'post' : 'track',
        name: `Song ${i} of ${n}`,
        ...(own && { place: { latE7: 500_000_000 + n * 10_000_000, lonE7: 80_000_000 } }),
      },
      source: own && n === 0 ? 'tiktok' : 'spotify',
      ...(i % 2 === 0 && { lang: 'en' }),
    })
  })
}

export class PoolReleaseWorld implements AsyncDisposable {
  readonly people: Person[] = []
  readonly tombstones = new Tombstones()
  readonly withdrawals: Uint8Array[] = []
  readonly chunks = new Map<string, Uint8Array>()
  network!: PoolNetwork
  trainerKey!: Awaited<ReturnType<typeof generateAgeIdentity>>

  /** `first`: events of the first person; with more than 64 its keys are asked for in two rounds. */
  static async open(people: number, first = 6): Promise<PoolReleaseWorld> {
    const world = new PoolReleaseWorld()
    world.network = await PoolNetwork.open()
    world.trainerKey = await generateAgeIdentity()
    for (let n = 0; n < people; n++) await world.offer(n, {}, linesOfPerson(n, n === 0 ? first : 6))
    return world
  }

  async offer(n: number, changes: Partial<ConsentReceipt> = {}, lines = linesOfPerson(n)): Promise<Person> {
    const { network } = this
    const subject = subjectKey(fill(100 + n), LEDGER)
    const policy = { cid: network.policy.cid, value: network.policy.policy }
    const sealed = sealContribution({
      lines,
      dao: LEDGER,
      subject: subject.did,
      policy,
      schema: 'activity@1',
      from: '2025-01',
      to: '2025-12',
    })
    const given = network.now() - 60
    const jws = signReceipt(
      receiptFor(network.policy, sealed.manifest, { subject: subject.did, given, expires: given + 86_400 * 30, ...changes }),
      subject,
    )
    network.state.subjects.add(subject.did)
    const { complete, faults } = await offerContribution({
      mesh: network.contributor,
      clock: network.clock,
      sealed,
      receipt: jws,
      committee: network.committee,
    })
    if (!complete) throw new Error(`not offered: ${[...faults.values()].join()}`)
    for (const { cid, bytes } of sealed.blocks) this.chunks.set(String(cid), bytes)
    const person = { subject, sealed, receipt: receiptHash(jws, sealed.salt) }
    this.people.push(person)
    return person
  }

  /** Says it to the ledger; keyholders hear of it only with `toKeyholders`. */
  withdraw({ subject, sealed }: Person, scope: Withdrawal['scope'] = 'all'): Withdrawal {
    const withdrawal = signWithdrawal({ manifest: sealed.cid, at: this.network.now(), scope, ask: ['stop', 'erase'] }, subject)
    this.tombstones.add(withdrawal)
    this.withdrawals.push(encode(withdrawal))
    return withdrawal
  }

  contributions(): PoolContribution[] {
    return this.people.map(({ sealed }) => ({ cid: sealed.cid, manifest: sealed.manifest }))
  }

  #isEnded(cid: CID, purposes: readonly Purpose[]): boolean {
    const { subject } = this.people.find(({ sealed }) => sealed.cid.equals(cid)) as Person
    const scope = this.tombstones.scopeOf(cid, subject.did)
    return scope === 'all' || purposes.some((one) => scope?.has(one) === true)
  }

  order(changes: { name?: string; purposes?: Purpose[] } = {}): Uint8Array {
    return signOrder(this.#draft(changes), operator)
  }

  /** The same in several orders, each of so many contributions. */
  orders(inOne: number): Uint8Array[] {
    return signOrders(this.#draft({}), operator, inOne)
  }

  #draft(changes: { name?: string; purposes?: Purpose[] }): OrderDraft {
    const at = this.network.now()
    return {
      dao: LEDGER,
      name: 'pool-1',
      purposes: ['ai:ModelTraining'],
      manifests: this.people.map(({ sealed }) => sealed.cid),
      assembler: operator.did,
      trainer: trainer.did,
      recipient: this.trainerKey.recipient,
      at,
      expires: at + 3600,
      deleteWithinDays: TERMS.deleteWithinDays,
      canaries: 24,
      canaryKey: CANARY_KEY,
      ...changes,
    }
  }

  assemble(order: Uint8Array | Uint8Array[], sink: BundleSink, changes: Partial<Assembling> = {}): Promise<Assembled> {
    const { network } = this
    const now = network.now()
    const given = { dao: LEDGER, operator: operator.did, assembler: operator.did, now, deleteWithinDays: 14, canaryKey: CANARY_KEY }
    const orders = [order].flat().map((bytes) => ({ value: readOrder(bytes, given), bytes }))
    const { purposes } = (orders[0] as ReadOrder).value
    return assemblePoolRelease({
      mesh: network.assembling,
      clock: network.clock,
      signer: operator,
      operator,
      committee: network.committee,
      epoch: 7,
      orders,
      contributions: this.contributions(),
      policy: { cid: network.policy.cid, value: network.policy.policy },
      terms: TERMS,
      statistics: COUNTED,
      readChunks: async (cids) => cids.map((cid) => this.chunks.get(String(cid))),
      known: () => ({
        isEnded: ({ cid }) => this.#isEnded(cid, purposes),
        withdrawals: this.withdrawals,
        at: 1,
      }),
      canaryKey: CANARY_KEY,
      random: new SeededBytes('release'),
      about: {
        title: 'Upper Mill',
        contact: 'mailto:miller@mill.example',
        redaction: 'activity@1/1',
        throughEpoch: 7,
        previous: null,
        tokensAtMost: 1_000_000,
      },
      sink,
      ...changes,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]()
  }
}

/** A bundle in memory; what was discarded is empty. */
export class MemorySink implements BundleSink {
  bytes: Uint8Array | undefined
  opened = 0

  async open() {
    this.opened++
    const pieces: Uint8Array[] = []
    return {
      write: async (piece: Uint8Array) => void pieces.push(piece.slice()),
      close: async () => void (this.bytes = new Uint8Array(Buffer.concat(pieces))),
      discard: async () => void pieces.splice(0),
    }
  }
}

export async function* inPieces(bytes: Uint8Array, size = 10_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

export async function opened(bundle: Uint8Array, identity: string) {
  const files = new Map<string, Uint8Array>()
  const rows: PoolRow[] = []
  const result = await openBundle({
    pieces: inPieces(bundle),
    identity,
    write: async (name, bytes) => void files.set(name, bytes),
    onRow: (row) => rows.push(row),
  })
  return { ...result, files, data: rows }
}

export const bytesOfFile = async (file: string): Promise<Uint8Array> => new Uint8Array(await readFile(file))
