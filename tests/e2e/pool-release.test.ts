/** A personal pool released to a trainer: people, keyholders and an operator over TCP on loopback; the trainer with the age library. */
import { Decrypter } from 'age-encryption'
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FatalError } from '../../core/errors/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { generateAgeIdentity, sealStream } from '../../dao/custody/index.ts'
import {
  type Assembled,
  type Assembling,
  askInclusion,
  canaryKeyOf,
  isMember,
  noticeFor,
  proveMembership,
  readFeed,
  readNotice,
  readPoolRelease,
  recognise,
  releaseEntry,
  rowOf,
  serveInclusion,
  signFeed,
  signTags,
  staleMembers,
  TAR_END,
  tarFile,
  tagsOf,
  withdrawalsIn,
} from '../../dao/pool-release/index.ts'
import { withdrawContribution } from '../../node/pool/seal/index.ts'
import { cborCid, type CID, concatBytes, decode, encode, peerFromDid, rawCid, toHex, utf8 } from '../../schemas/wire/index.ts'
import { runCli } from '../support/run-cli.ts'
import { SeededBytes } from '../support/byte-source.ts'
import {
  CANARY_KEY,
  COUNTED,
  inPieces,
  linesOfPerson,
  MemorySink,
  opened,
  type Person,
  PoolReleaseWorld,
  TERMS,
} from '../support/pool-release-world.ts'
import { LEDGER, operator, stranger, subject as otherSubject, trainer } from '../support/pool-world.ts'

let world: PoolReleaseWorld
beforeAll(async () => {
  world = await PoolReleaseWorld.open(7)
})
afterAll(() => world[Symbol.asyncDispose]())

const released = async (
  changes: Parameters<PoolReleaseWorld['assemble']>[2] = {},
  order = world.order(),
): Promise<Assembled & { order: Uint8Array; bundle: Uint8Array }> => {
  const sink = new MemorySink()
  const assembled = await world.assemble(order, sink, changes)
  return { ...assembled, order, bundle: sink.bytes as Uint8Array }
}
/** Once, for all that only look at it. */
let kept: ReturnType<typeof released> | undefined
const base = () => (kept ??= released())
const openBundle = (bundle: Uint8Array) => opened(bundle, world.trainerKey.secret)
const linesIn = (files: Map<string, Uint8Array>): string[] =>
  [...files].filter(([name]) => name.startsWith('data/')).flatMap(([, bytes]) => gunzipSync(bytes).toString().trimEnd().split('\n'))
/** A world of its own people, for tests in which somebody withdraws. */
async function apart(people: number, use: (other: PoolReleaseWorld) => Promise<void>, first = 6): Promise<void> {
  await using other = await PoolReleaseWorld.open(people, first)
  await use(other)
}

describe('a release', () => {
  it('is opened by its trainer, with the age library alone and tar, and by nobody else', async () => {
    const { bundle, release, left } = await base()
    expect(left).toEqual([])
    const decrypter = new Decrypter()
    decrypter.addIdentity(world.trainerKey.secret)
    const tar = await decrypter.decrypt(bundle)
    const folder = await mkdtemp(path.join(tmpdir(), 'quern-bundle-'))
    try {
      await writeFile(path.join(folder, 'bundle.tar'), tar)
      execFileSync('tar', ['-xf', 'bundle.tar'], { cwd: folder })
      expect((await readdir(folder)).toSorted()).toEqual(
        [
          'README.txt',
          'ai-act-53-1-d.json',
          'bundle.tar',
          'data',
          'licence.jsonld',
          'members.jsonl',
          'release.cbor',
          'release.json',
          'report.json',
        ].toSorted(),
      )
    } finally {
      await rm(folder, { recursive: true })
    }
    const { files, rows, release: inside } = await openBundle(bundle)
    expect(rows).toBe(7 * 6 - 1 + 24)
    expect(inside.cid.equals(release.cid)).toBe(true)
    const licence = JSON.parse(Buffer.from(files.get('licence.jsonld') as Uint8Array).toString()) as Record<string, unknown>
    expect(licence).toMatchObject({
      assignee: trainer.did,
      assigner: operator.did,
      prohibition: [{ action: 'distribute' }],
      obligation: [{ action: 'delete' }],
    })
    expect(rawCid(files.get('licence.jsonld') as Uint8Array).equals(release.value.licence)).toBe(true)
    const { secret } = await generateAgeIdentity()
    await expect(opened(bundle, secret)).rejects.toMatchObject({ code: 'AGE_UNREADABLE' })
    for (const name of ['pool-row', 'Song 1 of', 'members.jsonl']) expect(Buffer.from(bundle).includes(name)).toBe(false)
  })

  it('holds what people said, under names of this release only, without ids and without what one person alone did', async () => {
    const { bundle, report, secret } = await base()
    const { data, members, people: counted } = await openBundle(bundle)
    // the list has made-up persons too, and names nobody's account
    expect([members.length, counted]).toEqual([9, 7])
    const list = JSON.stringify(members.map(({ person, commit }) => [person, toHex(commit)]))
    for (const { subject } of world.people) expect(list).not.toContain(subject.did)
    expect(report).toMatchObject({ people: 7, canaries: 24 })
    const said = new Set(data.map(({ object }) => object.name))
    expect(said.has('Song 5 of 3')).toBe(true)
    // of 7 posts at night each at a place of its own, 6 share their service at least; the one of another service is nowhere
    expect(said.has('Song 0 of 0')).toBe(false)
    expect(report.suppressed).toBe(1)
    expect(report.rows).toBe(7 * 6 - 1)
    const posts = data.filter(({ type }) => type === 'Post')
    expect(posts.map(({ place, time }) => [place, time])).toEqual(posts.map(() => [null, null]))
    // k-anonymity on what was opened, told by whoever counts
    const classes = Map.groupBy(data, ({ time, place, source, lang }) => JSON.stringify([time, place, source, lang]))
    const people = new Set(secret.members.map(({ person }) => person))
    for (const [key, rows] of classes)
      expect(new Set(rows.map(({ person }) => person).filter((one) => people.has(one))).size, key).toBeGreaterThanOrEqual(TERMS.kAnonymity)
  })

  it('has a public manifest that tells neither who nor how many, and is the same for the same chance', async () => {
    const first = await base()
    // whoever answers first: here it is the one asked last
    let wait = 20
    const readChunks: Assembling['readChunks'] = async (cids) => {
      wait = (wait + 13) % 20
      for (let turn = 0; turn < wait; turn++) await setImmediate()
      return cids.map((cid) => world.chunks.get(String(cid)))
    }
    const again = await released({ readChunks }, first.order)
    expect(toHex(again.release.bytes)).toBe(toHex(first.release.bytes))
    const other = await released({ random: new SeededBytes('other') }, first.order)
    expect(other.release.cid.equals(first.release.cid)).toBe(false)
    // nor is anybody called the same in it
    const names = new Set(first.secret.members.map(({ person }) => person))
    expect(other.secret.members.some(({ person }) => names.has(person))).toBe(false)
    const { value } = first.release
    expect(value).toMatchObject({
      trainer: trainer.did,
      purposes: ['ai:ModelTraining'],
      contributions: { size: 32 },
      anonymity: { k: 5 },
      canaries: { count: 24 },
    })
    expect(value.statistics).toEqual(COUNTED)
    const hidden = Buffer.from(first.release.bytes)
    for (const { subject, sealed, receipt } of world.people)
      for (const secret of [utf8(subject.did), sealed.cid.bytes, receipt]) expect(hidden.includes(Buffer.from(secret))).toBe(false)
    expect(releaseEntry(first.release)).toMatchObject({ kind: 'pool', records: 0, name: 'pool-1' })
    expect(readPoolRelease(first.release.bytes.with(40, 1))).toMatchObject({ ok: false })
    const act = JSON.parse(Buffer.from(first.aiAct).toString()) as { sources: { userData: { period: object }[]; synthetic: object[] } }
    // the ten years up to now, whoever is in it
    const month = new Date(world.network.now() * 1000).toISOString().slice(0, 7)
    expect(act.sources.userData[0]?.period).toEqual({ from: `${Number(month.slice(0, 4)) - 9}-01`, to: month })
    expect(act.sources.synthetic).toHaveLength(1)
  })

  it('is recognised by its canaries, and no other release of the same data is', async () => {
    const order = world.order({ name: 'pool-2' })
    const { bundle } = await released({}, order)
    const lines = linesIn((await openBundle(bundle)).files)
    const keyFor = (name: string) => canaryKeyOf(CANARY_KEY, { dao: LEDGER, name, trainer: trainer.did })
    expect(await recognise({ releaseKey: keyFor('pool-2'), count: 24 }, lines)).toEqual({ found: 24, of: 24 })
    expect(await recognise({ releaseKey: keyFor('pool-1'), count: 24 }, lines)).toEqual({ found: 0, of: 24 })
    expect(await recognise({ releaseKey: keyFor('pool-2'), count: 24 }, linesOfPerson(3))).toEqual({ found: 0, of: 24 })
    // a part of a copy is enough
    expect((await recognise({ releaseKey: keyFor('pool-2'), count: 24 }, lines.slice(0, lines.length / 2))).found).toBeGreaterThan(1)
  })

  it('counts its people in public where ε is paid for it, once, also where all of it is written anew', async () => {
    await apart(7, async (other) => {
      const sink = new MemorySink()
      const leaving = other.people[5] as Person
      const paid: number[] = []
      const counting = {
        groups: ['people', 'sources'],
        epsilonPpm: 50_000_000,
        minPeople: 5,
        pay: async () => void paid.push(sink.opened),
      }
      const { release, aiAct, isPaid } = await other.assemble(other.order(), sink, {
        counting,
        onProgress: ({ step, contributions }) => {
          if (step === 'write' && contributions === 4 && other.tombstones.size === 0) other.withdraw(leaving)
        },
      })
      // before anything with counts in it was begun
      expect([paid, sink.opened, isPaid]).toEqual([[0], 2, true])
      const { counts, statistics } = release.value
      expect(statistics).toEqual(COUNTED)
      expect(counts).toMatchObject({ epsilonPpm: 50_000_000, minPeople: 5, noises: 1 })
      const people = counts?.groups.find(({ name }) => name === 'people')?.counts[0] ?? 0
      // noise of scale 2 / 50
      expect(people).toBe(6)
      const act = JSON.parse(Buffer.from(aiAct).toString()) as { general: object; sources: { userData: object[] } }
      expect(act.sources.userData[0]).toMatchObject({ people: 6, counting: { of: 'everybody in this release', noises: 1 } })
      expect(act.general).toMatchObject({ size: { text: 'less than 1 billion tokens' } })
      const file = path.join(await mkdtemp(path.join(tmpdir(), 'quern-counted-')), 'release.cbor')
      await writeFile(file, release.bytes)
      const told = await runCli('pool', 'statistics', file, '--json')
      expect([told.code, told.json()[0]]).toMatchObject([0, { of: 'release', statistics: counts, published: null }])
      await rm(path.dirname(file), { recursive: true })

      // of fewer than are told of nothing is counted, and nothing paid
      const few = await other.assemble(other.order({ name: 'pool-2' }), new MemorySink(), { counting: { ...counting, minPeople: 7 } })
      expect([few.isPaid, few.release.value.counts, paid]).toEqual([false, undefined, [0]])
      const refused = other.assemble(other.order({ name: 'pool-3' }), sink, {
        counting: { ...counting, pay: () => Promise.reject(new Error('spent')) },
      })
      await expect(refused).rejects.toThrow('spent')
      expect(sink.opened).toBe(2)
      // who withdraws when it is paid takes the counts of all with them, and the ε does not come back
      const late = await other.assemble(other.order({ name: 'pool-4' }), new MemorySink(), {
        counting: { ...counting, minPeople: 6 },
        onProgress: ({ step }) => {
          if (step === 'write' && other.tombstones.size === 1) other.withdraw(other.people[4] as Person)
        },
      })
      expect([late.isPaid, late.report.people, late.release.value.counts, paid]).toEqual([true, 5, undefined, [0, 2]])
    })
  })

  it('takes several orders, and more chunks of a person than keys are asked for at once', async () => {
    await apart(
      5,
      async (other) => {
        const orders = other.orders(2)
        const sink = new MemorySink()
        const { release, report, left } = await other.assemble(orders, sink)
        expect([report.people, report.rows + report.suppressed, left]).toEqual([5, 70 + 4 * 6, []])
        expect(release.value.order.equals(cborCid(encode(orders.map((bytes) => cborCid(bytes)))))).toBe(true)
        const { data } = await opened(sink.bytes as Uint8Array, other.trainerKey.secret)
        for (let n = 0; n < 5; n++) expect(data.some(({ object }) => object.name === `Song 5 of ${n}`)).toBe(true)
        await expect((async () => other.assemble([...orders, ...orders], sink))()).rejects.toMatchObject({ code: 'BAD_ORDER' })
      },
      70,
    )
  })

  it('has the rows of a person in no order that its events were in', async () => {
    const { bundle } = await base()
    const lines = linesIn((await openBundle(bundle)).files)
    expect(lines.length).toBeGreaterThan(40)
    const shown = lines.map((line) => ({ person: rowOf(line).person, line }))
    const inOrder = shown.toSorted((a, b) => (a.person + a.line < b.person + b.line ? -1 : 1))
    expect(shown).toEqual(inOrder)
  })

  it('is refused by its trainer where a row, a list or the manifest is another, whoever sealed it again', async () => {
    const { bundle } = await base()
    const { files } = await openBundle(bundle)
    const sealed = async (changes: Record<string, (bytes: Uint8Array) => Uint8Array>): Promise<unknown> => {
      const parts = [...files].map(([name, bytes]) => tarFile({ name, bytes: changes[name]?.(bytes) ?? bytes }))
      const pieces: Uint8Array[] = []
      for await (const piece of sealStream(inPieces(concatBytes(...parts, TAR_END)), world.trainerKey.recipient)) pieces.push(piece)
      return opened(concatBytes(...pieces), world.trainerKey.secret)
    }
    const part = 'data/part-00000.jsonl.gz'
    const lines = (change: (lines: string[]) => string[]) => (bytes: Uint8Array) =>
      new Uint8Array(
        gzipSync(
          change(gunzipSync(bytes).toString().trimEnd().split('\n'))
            .map((line) => `${line}\n`)
            .join(''),
        ),
      )
    await expect(sealed({})).resolves.toMatchObject({ people: 7 })
    for (const change of [
      (all: string[]) => all.map((line, i) => (i === 3 ? line.replace(/(Song|"name":"|"text":")/, '$1x') : line)),
      (all: string[]) => all.slice(1),
      (all: string[]) => [...all, all[0] as string],
      (all: string[]) => all.toReversed(),
    ])
      await expect(sealed({ [part]: lines(change) })).rejects.toMatchObject({ code: 'OTHER_ROWS' })
    await expect(sealed({ [part]: lines((all) => [...all, '{}']) })).rejects.toMatchObject({ code: 'BAD_ROW' })
    const shorter = (bytes: Uint8Array) => bytes.subarray(0, bytes.indexOf(10) + 1)
    await expect(sealed({ 'members.jsonl': shorter })).rejects.toMatchObject({ code: 'OTHER_FILE' })
    await expect(sealed({ 'licence.jsonld': (bytes) => bytes.with(5, 32) })).rejects.toMatchObject({ code: 'OTHER_FILE' })
    await expect(sealed({ 'release.cbor': (bytes) => bytes.with(40, 1) })).rejects.toMatchObject({ code: 'BAD_MANIFEST' })
  })

  it('is not made for an order that is forged, expired, another’s or changed', async () => {
    const order = world.order()
    const sink = new MemorySink()
    const value = decode(order, 64_000) as Record<string, unknown>
    const resigned = (changes: object, by = operator): Uint8Array => {
      const { s: _, ...rest } = { ...value, ...changes } as { s: unknown; by: string }
      return encode(signObject('release-order', { ...rest, by: by.did }, by))
    }
    const made = (bytes: Uint8Array) => (async () => world.assemble(bytes, sink))()
    await expect(made(order.with(order.length - 20, 1))).rejects.toMatchObject({ code: expect.any(String) as string })
    await expect(made(resigned({}, stranger))).rejects.toMatchObject({ code: 'ORDER_NOT_OURS' })
    await expect(made(resigned({ assembler: stranger.did }))).rejects.toMatchObject({ code: 'ORDER_OF_ANOTHER' })
    await expect(made(resigned({ expires: 5 }))).rejects.toMatchObject({ code: 'ORDER_EXPIRED' })
    await expect(made(resigned({ trainer: stranger.did }))).rejects.toMatchObject({ code: 'OTHER_LICENCE' })
    await expect(made(resigned({ canaries: { count: 24, commit: new Uint8Array(32) } }))).rejects.toMatchObject({ code: 'OTHER_CANARIES' })
    expect(sink.opened).toBe(0)
  })

  it('is not given by keyholders for a trainer or a purpose that nobody consented to, whatever the assembler thinks', async () => {
    const order = world.order({ purposes: ['ai:Benchmarking'] })
    await expect(released({}, order)).rejects.toMatchObject({ code: 'TOO_FEW_PEOPLE', detail: { people: 0 } })
  })

  it('leaves out and names what does not open, is not vested, has expired or is not known', async () => {
    await apart(8, async (other) => {
      const [gone, unvested, changed] = other.people as [Person, Person, Person]
      other.chunks.delete(String(gone.sealed.manifest.chunks[3]))
      other.chunks.set(String(changed.sealed.manifest.chunks[0]), utf8('something else'))
      const short = await other.offer(20, { expires: other.network.now() + 100 })
      const order = other.order()
      other.network.aheadMs = 200_000
      const sink = new MemorySink()
      const contributions = other.contributions().filter((one) => !one.cid.equals(unvested.sealed.cid))
      const { left, report } = await other.assemble(order, sink, { contributions })
      expect(new Map(left.map(({ manifest, code }) => [String(manifest), code]))).toEqual(
        new Map([
          [String(gone.sealed.cid), 'CHUNK_MISSING'],
          [String(unvested.sealed.cid), 'NOT_KNOWN'],
          [String(changed.sealed.cid), 'CHUNK_MISSING'],
          [String(short.sealed.cid), 'EXPIRED'],
        ]),
      )
      expect(report.people).toBe(5)
      const { data } = await opened(sink.bytes as Uint8Array, other.trainerKey.secret)
      expect(data.some(({ object }) => object.name?.endsWith('of 20'))).toBe(false)
    })
  })
})

describe('what goes wrong in one of several', () => {
  it.each(['keys', 'write'] as const)('stops the others too, and leaves no bundle: %s', async (step) => {
    const first = Promise.withResolvers<never>()
    let [isAt, waiting, ended] = ['', 0, 0]
    /** Of this step the first comes to an end when four were asked for, and the others never. */
    const readChunks: Assembling['readChunks'] = async (cids, signal) => {
      if (isAt !== step || signal === undefined) return cids.map((cid) => world.chunks.get(String(cid)))
      waiting++
      if (waiting === 4) first.reject(new FatalError('HOLDERS_AWAY', 'nobody is there'))
      if (waiting === 1) return first.promise
      return new Promise((_, reject) => {
        const end = (): void => {
          ended++
          reject(signal.reason as Error)
        }
        if (signal.aborted) end()
        else signal.addEventListener('abort', end)
      })
    }
    let discarded = 0
    const sink = new MemorySink()
    const watched: Assembling['sink'] = {
      open: async () => {
        const bundle = await sink.open()
        const discard = async (): Promise<void> => {
          discarded++
          await bundle.discard()
        }
        return { ...bundle, discard }
      },
    }
    const made = world.assemble(world.order(), watched, { readChunks, onProgress: (at) => void (isAt = at.step) })
    await expect(made).rejects.toMatchObject({ code: 'HOLDERS_AWAY' })
    expect([waiting, ended, sink.bytes]).toEqual([4, 3, undefined])
    expect([sink.opened, discarded]).toEqual(step === 'keys' ? [0, 0] : [1, 1])
  })

  it('stops the reading ahead too where the bundle has no room', async () => {
    const begun = Promise.withResolvers<void>()
    let [isAt, waiting, ended] = ['', 0, 0]
    const full: Assembling['sink'] = {
      open: async () => ({
        write: async () => {
          // not before something is read that never comes
          await begun.promise
          throw new Error('no room')
        },
        close: async () => {},
        discard: async () => {},
      }),
    }
    await expect(
      world.assemble(world.order(), full, {
        readChunks: async (cids, signal) => {
          if (isAt !== 'write' || signal === undefined) return cids.map((cid) => world.chunks.get(String(cid)))
          waiting++
          begun.resolve()
          return new Promise((_, reject) =>
            signal.addEventListener('abort', () => {
              ended++
              reject(signal.reason as Error)
            }),
          )
        },
        onProgress: (at) => void (isAt = at.step),
      }),
    ).rejects.toThrow('no room')
    for (let turn = 0; turn < 20; turn++) await setImmediate()
    expect(waiting).toBeGreaterThan(1)
    expect(ended).toBe(waiting)
  })
})

describe('a withdrawal', () => {
  it('during the assembly, or a consent that ends by itself, takes out what was written already', async () => {
    await apart(6, async (other) => {
      const { network } = other
      const short = await other.offer(30, { expires: network.now() + 600 })
      const sink = new MemorySink()
      const leaving = other.people[2] as Person
      const { release, left, report } = await other.assemble(other.order(), sink, {
        onProgress: ({ step, contributions }) => {
          if (step !== 'write' || contributions !== 6 || other.tombstones.size > 0) return
          other.withdraw(leaving)
          // keyholders gave its keys, and it was counted
          network.aheadMs = 601_000
        },
      })
      network.aheadMs = 0
      expect(sink.opened).toBe(2)
      expect(left).toEqual(
        expect.arrayContaining([
          { manifest: leaving.sealed.cid, code: 'WITHDRAWN' },
          { manifest: short.sealed.cid, code: 'EXPIRED' },
        ]),
      )
      expect(report.people).toBe(5)
      expect(release.value.tombstones.count).toBe(1)
      const { data, people } = await opened(sink.bytes as Uint8Array, other.trainerKey.secret)
      expect(people).toBe(5)
      expect(data.some(({ object }) => object.name?.endsWith('of 2') || object.name?.endsWith('of 30'))).toBe(false)
    })
  })

  it('while several are opened takes out who was opened, who is being opened, and asks for nobody else’s keys', async () => {
    await apart(10, async (other) => {
      const sink = new MemorySink()
      const leaving = [0, 3, 9].map((i) => other.people[i] as Person)
      const { network } = other
      const asked: string[] = []
      const mesh: Pick<Mesh, 'ask'> = {
        ask: (peer, protocol, query, options) => {
          const { request } = query as { request: Uint8Array }
          asked.push(String((decode(request, 4096) as { manifest: CID }).manifest))
          return network.assembling.ask(peer, protocol, query, options)
        },
      }
      const { left, report } = await other.assemble(other.order(), sink, {
        mesh,
        onProgress: ({ step, contributions }) => {
          if (step === 'keys' && contributions === 5) for (const one of leaving) other.withdraw(one)
        },
      })
      expect(left).toHaveLength(3)
      expect(left).toEqual(expect.arrayContaining(leaving.map(({ sealed }) => ({ manifest: sealed.cid, code: 'WITHDRAWN' }))))
      expect([report.people, sink.opened]).toEqual([7, 1])
      expect(leaving.map(({ sealed }) => asked.includes(String(sealed.cid)))).toEqual([true, true, false])
      const { data } = await opened(sink.bytes as Uint8Array, other.trainerKey.secret)
      expect(data.some(({ object }) => /of [039]$/.test(object.name ?? ''))).toBe(false)
      expect(data.some(({ object }) => object.name?.endsWith('of 8'))).toBe(true)
    })
  })

  it('whose chunks go while the others are written stops none of them', async () => {
    await apart(6, async (other) => {
      const sink = new MemorySink()
      const leaving = other.people[3] as Person
      const { left, report } = await other.assemble(other.order(), sink, {
        onProgress: ({ step }) => {
          if (step === 'write') for (const chunk of leaving.sealed.manifest.chunks) other.chunks.delete(String(chunk))
        },
      })
      expect(left).toEqual([{ manifest: leaving.sealed.cid, code: 'CHUNK_MISSING' }])
      expect(report.people).toBe(5)
      const { people } = await opened(sink.bytes as Uint8Array, other.trainerKey.secret)
      expect(people).toBe(5)
    })
  })

  it('that leaves fewer than k people leaves no release', async () => {
    await apart(5, async (other) => {
      const sink = new MemorySink()
      other.withdraw(other.people[0] as Person)
      await expect(other.assemble(other.order(), sink)).rejects.toMatchObject({ code: 'TOO_FEW_PEOPLE' })
      expect(sink.bytes).toBeUndefined()
    })
  })

  it('afterwards flags the copy, names the rows to delete, and is missing from the next release', async () => {
    await apart(6, async (other) => {
      const sink = new MemorySink()
      const { release, secret } = await other.assemble(other.order(), sink)
      const { members } = await opened(sink.bytes as Uint8Array, other.trainerKey.secret)
      expect(staleMembers(members, release.value, [], [])).toEqual([])
      const leaving = other.people[4] as Person
      const withdrawal = other.withdraw(leaving)
      const { network } = other
      const state = await withdrawContribution({
        mesh: network.contributor,
        withdrawals: [withdrawal],
        dao: LEDGER,
        committee: network.committee,
      })
      expect(state.unreadable).toBe(true)

      const feed = readFeed(signFeed({ dao: LEDGER, size: 100, withdrawals: other.withdrawals, at: network.now() }, operator))
      if (!feed.ok) throw new Error(feed.code)
      const tags = tagsOf(secret, release.value.purposes, [withdrawal])
      const stale = staleMembers(members, release.value, feed.value.withdrawals, tags)
      const person = secret.members.find(({ subject }) => subject === leaving.subject.did)?.person
      expect(stale.map((one) => one.person)).toEqual([person])

      const notice = noticeFor(release.value, secret, other.withdrawals, { operator, at: 1000 }) as Uint8Array
      expect(readNotice(notice)).toMatchObject({
        ok: true,
        value: { persons: [person], deleteBy: release.value.at + 14 * 86_400, trainer: trainer.did },
      })
      expect(readNotice(notice.with(notice.length - 10, 1))).toMatchObject({ ok: false })

      // a keyholder says so too, where the assembler has not heard of it
      const unaware = new MemorySink()
      const next = await other.assemble(other.order({ name: 'pool-2' }), unaware, {
        known: () => ({ isEnded: () => false, withdrawals: [], at: 0 }),
      })
      expect(next.left).toEqual([{ manifest: leaving.sealed.cid, code: 'UNKNOWN' }])
      const later = await opened(unaware.bytes as Uint8Array, other.trainerKey.secret)
      expect(later.data.some(({ object }) => object.name?.endsWith('of 4'))).toBe(false)
      expect(later.data.some(({ object }) => object.name?.endsWith('of 3'))).toBe(true)
    })
  })
})

describe('inclusion', () => {
  it('is proven to a contributor over the mesh, and to nobody about another', async () => {
    const { release, secret } = await base()
    using _desk = serveInclusion({
      mesh: world.network.assembling,
      clock: world.network.clock,
      dao: LEDGER,
      secretOf: async (cid) => (cid.equals(release.cid) ? secret : undefined),
    })
    const [ann, bob] = world.people as [Person, Person]
    await world.network.contributor.connect(world.network.assembling.addresses())
    const from = { mesh: world.network.contributor, clock: world.network.clock, operator: peerFromDid(operator.did) }
    const asAnn = { subject: ann.subject, isOwn: (one: CID) => one.equals(ann.sealed.cid) }
    const proof = await askInclusion(from, release, asAnn)
    if (proof === undefined) throw new Error('absent')
    expect(proof.manifest.equals(ann.sealed.cid)).toBe(true)
    expect(isMember(proof, release)).toBe(true)
    // with another's manifest, salt or place it does not hold
    expect(isMember({ ...proof, manifest: bob.sealed.cid }, release)).toBe(false)
    expect(isMember({ ...proof, salt: new Uint8Array(32) }, release)).toBe(false)
    expect(isMember({ ...proof, index: (proof.index + 1) % proof.size }, release)).toBe(false)
    expect(isMember(proof, { ...release, cid: bob.sealed.cid })).toBe(false)
    // whoever is not in it learns that it is not, and there is no question about anybody else
    for (const subject of [otherSubject, stranger])
      expect(await askInclusion(from, release, { subject, isOwn: () => true })).toBeUndefined()
    // an operator that answers with somebody else's proof proves nothing to her
    await expect(askInclusion(from, release, { ...asAnn, isOwn: (one) => one.equals(bob.sealed.cid) })).rejects.toMatchObject({
      code: 'NOT_YOURS',
    })
    const manifests = secret.members.map(({ manifest }) => manifest)
    expect(await proveMembership({ secret: secret.secret, release: release.cid, manifests }, rawCid(utf8('nobody')))).toBeUndefined()
  })
})

describe('on the command line', () => {
  it('a trainer opens a bundle, is warned of a withdrawal, and anybody reads what is public', async () => {
    await apart(6, async (other) => {
      const sink = new MemorySink()
      const { release, secret } = await other.assemble(other.order(), sink)
      const folder = await mkdtemp(path.join(tmpdir(), 'quern-trainer-'))
      const at = (name: string): string => path.join(folder, name)
      try {
        await writeFile(at('pool-1.age'), sink.bytes as Uint8Array)
        await writeFile(at('key.txt'), `# created: today\n${other.trainerKey.secret}\n`)
        await writeFile(at('other.txt'), (await generateAgeIdentity()).secret)
        const open = (...words: string[]) => runCli('pool', 'open', at('pool-1.age'), '--json', ...words)
        expect(await open('--identity', at('other.txt'), '--out', at('not'))).toMatchObject({ code: 1 })
        expect(await open('--identity', at('key.txt'), '--out', at('not'), '--operator', stranger.did)).toMatchObject({ code: 3 })
        expect((await readdir(folder)).toSorted()).toEqual(['key.txt', 'other.txt', 'pool-1.age'])
        const done = await open('--identity', at('key.txt'), '--out', at('data'), '--operator', operator.did)
        expect([done.code, done.json()[0]]).toMatchObject([0, { release: String(release.cid), people: 6, trainer: trainer.did }])
        expect(await open('--identity', at('key.txt'), '--out', at('data'))).toMatchObject({ code: 1 })

        const feed = async (name: string): Promise<string> => {
          await writeFile(at(name), signFeed({ dao: LEDGER, size: 9, withdrawals: other.withdrawals, at: 1 }, operator))
          return at(name)
        }
        const tags = async (of = release.cid): Promise<string> => {
          const from = release.value.tombstones.count
          const made = tagsOf(secret, release.value.purposes, withdrawalsIn(other.withdrawals.slice(from)))
          await writeFile(at('tags'), signTags({ dao: LEDGER, release: of, from, tags: made, at: 1 }, operator))
          return at('tags')
        }
        const check = async (what: string, name: string, ...words: string[]) =>
          runCli('pool', 'check', at(what), '--feed', await feed(name), '--json', ...words)
        const fresh = await check('data', 'before')
        expect([fresh.code, fresh.json()[0]]).toMatchObject([0, { stale: false, withdrawn: 0 }])
        other.withdraw(other.people[3] as Person)
        const stale = await check('data', 'after', '--tags', await tags())
        // without the tags it is known that somebody withdrew, and not whose rows go
        expect((await check('data', 'after')).json()[0]).toMatchObject({ stale: true, withdrawn: 1, persons: null })
        const others = await check('data', 'after', '--tags', await tags(release.value.order))
        expect([others.code, others.json().at(-1)]).toMatchObject([1, { error: { code: 'OTHER_RELEASE' } }])
        const person = secret.members.find(({ subject }) => subject === other.people[3]?.subject.did)?.person
        expect([stale.code, stale.json()[0]]).toMatchObject([3, { stale: true, withdrawn: 1, persons: [person] }])
        // a feed as a file: whose signature is under it and the release, its reader has to know
        expect(stale.json()[0]).toMatchObject({ by: operator.did, trusted: null })
        const known = (...words: string[]) => runCli('pool', 'check', at('data'), '--feed', at('after'), '--json', ...words)
        expect((await known('--operator', operator.did)).json()[0]).toMatchObject({ withdrawn: 1, trusted: 'operator' })
        const unknown = await known('--operator', stranger.did)
        expect([unknown.code, unknown.json().at(-1)]).toMatchObject([3, { error: { code: 'OTHER_OPERATOR' } }])
        expect((await known('--operator', 'did:web:nobody')).code).toBe(2)
        const open2 = await check('data/release.cbor', 'after')
        expect([open2.code, open2.json()[0]]).toMatchObject([3, { withdrawn: 1, persons: null }])
        expect(await runCli('pool', 'check', at('data'))).toMatchObject({ code: 2 })
        // a list of members that somebody emptied says nothing of who withdrew
        const members = await readFile(at('data/members.jsonl'))
        await writeFile(at('data/members.jsonl'), '')
        const emptied = await check('data', 'after')
        expect([emptied.code, emptied.json().at(-1)]).toMatchObject([1, { error: { code: 'OTHER_FILE' } }])
        await writeFile(at('data/members.jsonl'), members)

        const told = await runCli('pool', 'statistics', at('data/release.cbor'), '--json')
        expect([told.code, told.json()[0]]).toMatchObject([0, { of: 'pool', statistics: COUNTED, published: null }])

        const manifests = secret.members.map(({ manifest }) => manifest)
        const proof = await proveMembership(
          { secret: secret.secret, release: release.cid, manifests },
          manifests[2] as (typeof manifests)[0],
        )
        await writeFile(at('proof'), encode(proof))
        await writeFile(at('false'), encode({ ...proof, index: 31 - (proof?.index ?? 0) }))
        const shown = (name: string) => runCli('pool', 'inclusion', at('data/release.cbor'), '--proof', at(name), '--json')
        expect([(await shown('proof')).code, (await shown('false')).code]).toEqual([0, 3])
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  })
})
