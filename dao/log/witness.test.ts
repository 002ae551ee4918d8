import { describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import {
  consistencyRanges,
  EMPTY_ROOT,
  formatAddCheckpoint,
  formatCheckpoint,
  keyring,
  leafHash,
  noteSigner,
  openNote,
  openWitness,
  originHash,
  parseNote,
  parseSignatureLines,
  peekCheckpoint,
  rootOfLeaves,
  SIGNATURE_TYPES,
  signCheckpoint,
  signNote,
  verifyLine,
  type Witness,
} from './index.ts'

const signerOf = (name: string, n: number, type: 1 | 4 = SIGNATURE_TYPES.ed25519) =>
  noteSigner(name, type, keyFromSeed(new Uint8Array(32).fill(n)))
const log = signerOf('log.example/a', 1)
const stranger = signerOf('log.example/a', 2)
const witnessKey = signerOf('witness.example/w', 3, SIGNATURE_TYPES.cosignature)

const leaves = Array.from({ length: 100 }, (_, i) => leafHash(utf8(`${i}`)))
const fork = leaves.with(4, leafHash(utf8('another entry')))
const proofOf = (old: number, size: number, tree = leaves) =>
  consistencyRanges(old, size).map(([from, to]) => rootOfLeaves(tree.slice(from, to)))
const noteOf = (size: number, tree = leaves, signer = log) => signCheckpoint(size, rootOfLeaves(tree.slice(0, size)), signer)
const bodyOf = (old: number, size: number, tree = leaves) =>
  formatAddCheckpoint({ old, proof: proofOf(old, size, tree), note: noteOf(size, tree) })

function open(kv = new MemoryKv(), now = 1_700_000_000_999): Witness {
  return openWitness({ signer: witnessKey, kv, clock: { now: () => now }, logs: (origin) => (origin === 'log.example/a' ? [log.key] : []) })
}
/** A witness that has cosigned size 10. */
async function at10(kv = new MemoryKv()): Promise<Witness> {
  const witness = open(kv)
  expect((await witness.addCheckpoint(bodyOf(0, 10))).status).toBe(200)
  return witness
}

describe('a witness', () => {
  it('cosigns the first checkpoint it sees, and whatever continues it', async () => {
    const witness = await at10()
    const answer = await witness.addCheckpoint(bodyOf(10, 25))
    expect(answer).toMatchObject({ status: 200, contentType: 'text/plain; charset=utf-8' })
    const [line] = parseSignatureLines(answer.body)
    expect(verifyLine(witnessKey.key, parseNote(noteOf(25)).text, line?.signature as Uint8Array)).toEqual({ time: 1_700_000_000 })
  })

  it('cosigns the same checkpoint again, with a new time', async () => {
    const kv = new MemoryKv()
    await at10(kv)
    const answer = await open(kv, 1_800_000_000_000).addCheckpoint(bodyOf(10, 10))
    expect(answer.status).toBe(200)
    expect(verifyLine(witnessKey.key, parseNote(noteOf(10)).text, parseSignatureLines(answer.body)[0]?.signature as Uint8Array)).toEqual({
      time: 1_800_000_000,
    })
  })

  it('serves what it cosigned last, with the signature of the log and its own', async () => {
    const witness = await at10()
    const note = (await witness.latest('log.example/a')) as string
    expect(peekCheckpoint(note).size).toBe(10)
    expect(openNote(note, keyring([log.key, witnessKey.key])).verified).toHaveLength(2)
    expect(await witness.latest('log.example/b')).toBeUndefined()
    expect(originHash('log.example/a')).toMatch(/^[0-9a-f]{64}$/)
  })

  const emptyButRooted = signNote(formatCheckpoint({ origin: 'log.example/a', size: 0, root: leaves[0] as Uint8Array }), [log])
  const empty = signNote(formatCheckpoint({ origin: 'log.example/a', size: 0, root: EMPTY_ROOT }), [log])
  const bent = noteOf(20).replace(/[A-Za-z0-9](?=={0,2}\n$)/, (c) => (c === 'A' ? 'Q' : 'A'))
  const unknown = signCheckpoint(20, rootOfLeaves(leaves.slice(0, 20)), signerOf('log.example/x', 1))
  it.each<[number, string, string, RegExp?]>([
    [200, 'the same checkpoint', formatAddCheckpoint({ old: 10, proof: [], note: noteOf(10) })],
    [404, 'an unknown origin', formatAddCheckpoint({ old: 10, proof: [], note: unknown })],
    [403, 'another key of that name', formatAddCheckpoint({ old: 10, proof: proofOf(10, 20), note: noteOf(20, leaves, stranger) })],
    [403, 'a failing signature of the log', formatAddCheckpoint({ old: 10, proof: proofOf(10, 20), note: bent })],
    [400, 'an old size above the new one', formatAddCheckpoint({ old: 21, proof: [], note: noteOf(20) })],
    [409, 'an old size below ours', bodyOf(5, 20), /^10\n$/],
    [409, 'an old size above ours', bodyOf(15, 20), /^10\n$/],
    [409, 'old 0 from a log that forgot', bodyOf(0, 20), /^10\n$/],
    [409, 'a smaller checkpoint', bodyOf(5, 8), /^10\n$/],
    [422, 'no proof', formatAddCheckpoint({ old: 10, proof: [], note: noteOf(20) })],
    [422, 'a proof too long', formatAddCheckpoint({ old: 10, proof: [...proofOf(10, 20), EMPTY_ROOT], note: noteOf(20) })],
    [422, 'another history', bodyOf(10, 20, fork)],
    [422, 'the same size with another root', bodyOf(10, 10, fork)],
    [422, 'the same size with a proof', formatAddCheckpoint({ old: 10, proof: [EMPTY_ROOT], note: noteOf(10) })],
    [400, 'nothing', ''],
    [400, 'no old line', bodyOf(10, 20).slice(7)],
    [400, 'a leading zero', bodyOf(10, 20).replace('old 10', 'old 010')],
    [400, 'a negative size', bodyOf(10, 20).replace('old 10', 'old -10')],
    [400, 'a proof line that is no hash', bodyOf(10, 20).replace('old 10\n', 'old 10\nAAAA\n')],
    [400, '64 proof lines', formatAddCheckpoint({ old: 10, proof: Array.from({ length: 64 }, () => EMPTY_ROOT), note: noteOf(20) })],
    [400, 'no checkpoint', 'old 10\n\n'],
    [400, 'a note that is no checkpoint', `old 10\n\n${signNote('words\n', [log])}`],
    [400, 'far too much', `old 10\n\n${'x'.repeat(200_000)}`],
  ])('at size 10 answers %d to %s', async (status, _, body, answer = /^/) => {
    const kv = new MemoryKv()
    const witness = await at10(kv)
    const kept = (await witness.latest('log.example/a')) as string
    const given = await witness.addCheckpoint(body)
    expect(given.status).toBe(status)
    expect(given.body).toMatch(answer)
    expect(given.contentType).toBe(status === 409 ? 'text/x.tlog.size' : 'text/plain; charset=utf-8')
    expect(await witness.latest('log.example/a')).toBe(kept)
  })

  it.each<[number, string, string, string?]>([
    [200, 'the empty tree', formatAddCheckpoint({ old: 0, proof: [], note: empty })],
    [200, 'any size without a proof', bodyOf(0, 77)],
    [422, 'the empty tree with a root', formatAddCheckpoint({ old: 0, proof: [], note: emptyButRooted })],
    [422, 'a proof from the empty tree', formatAddCheckpoint({ old: 0, proof: [EMPTY_ROOT], note: noteOf(20) })],
    [409, 'an old size it never saw', bodyOf(5, 20), '0\n'],
  ])('that never cosigned answers %d to %s', async (status, _, body, told = '') => {
    const answer = await open().addCheckpoint(body)
    expect(answer.status).toBe(status)
    expect(answer.body).toContain(told)
  })

  it('goes on from the empty tree with an empty proof', async () => {
    const witness = open()
    await witness.addCheckpoint(formatAddCheckpoint({ old: 0, proof: [], note: empty }))
    expect((await witness.addCheckpoint(bodyOf(0, 3))).status).toBe(200)
  })

  it('remembers across a restart', async () => {
    const kv = new MemoryKv()
    await at10(kv)
    expect(await open(kv).addCheckpoint(bodyOf(0, 20, fork))).toMatchObject({ status: 409, body: '10\n' })
  })

  it('says nothing when it could not write down what it was about to say', async () => {
    const kv = new MemoryKv()
    kv.put = () => Promise.reject(new Error('disk full'))
    const witness = open(kv)
    await expect(witness.addCheckpoint(bodyOf(0, 10))).rejects.toThrow('disk full')
    kv.put = (key, value) => MemoryKv.prototype.put.call(kv, key, value)
    expect((await witness.addCheckpoint(bodyOf(0, 12))).status).toBe(200)
  })
})

describe('two requests at once', () => {
  /** Writes that take their time, the first one longest: what a rollback needs. */
  class SlowKv extends MemoryKv {
    #turns = 40
    override async put(key: string, value: Uint8Array): Promise<void> {
      for (let i = (this.#turns -= 10); i > 0; i--) await Promise.resolve()
      await super.put(key, value)
    }
  }

  it('never roll a witness back', async () => {
    const kv = new SlowKv()
    const witness = await at10(kv)
    const answers = await Promise.all([
      witness.addCheckpoint(bodyOf(10, 20)),
      witness.addCheckpoint(bodyOf(10, 30)),
      witness.addCheckpoint(bodyOf(20, 40)),
    ])
    expect(answers.map(({ status }) => status)).toEqual([200, 409, 200])
    expect(answers[1]?.body).toBe('20\n')
    expect(peekCheckpoint((await witness.latest('log.example/a')) as string).size).toBe(40)
  })

  it('for two histories get one cosignature', async () => {
    const witness = await at10(new SlowKv())
    const forked = leaves.with(14, leafHash(utf8('x')))
    const answers = await Promise.all([witness.addCheckpoint(bodyOf(10, 20)), witness.addCheckpoint(bodyOf(10, 20, forked))])
    expect(answers.map(({ status }) => status)).toEqual([200, 409])
    expect((await witness.addCheckpoint(bodyOf(20, 20, forked))).status).toBe(422)
  })

  it('for two logs do not wait for each other', async () => {
    const other = signerOf('log.example/b', 8)
    const release = Promise.withResolvers<void>()
    const kv = new MemoryKv()
    kv.put = async (key, value) => {
      if (key.endsWith(originHash('log.example/a'))) await release.promise
      await MemoryKv.prototype.put.call(kv, key, value)
    }
    const witness = openWitness({
      signer: witnessKey,
      kv,
      clock: { now: () => 0 },
      logs: (origin) => [origin === 'log.example/b' ? other.key : log.key],
    })
    const stuck = witness.addCheckpoint(bodyOf(0, 5))
    expect((await witness.addCheckpoint(formatAddCheckpoint({ old: 0, proof: [], note: noteOf(5, leaves, other) }))).status).toBe(200)
    release.resolve()
    expect((await stuck).status).toBe(200)
  })
})

it('four witnesses, of whom three must agree and one lies, never certify two histories', async () => {
  const forked = leaves.with(5, leafHash(utf8('the other one')))
  const honest = [1, 2, 3].map(() => open())
  // the sequencer shows each side to whom it likes; the liar cosigns both
  const liar = 1
  for (let side = 0; side < 8; side++) {
    const votes = { ours: liar, theirs: liar }
    for (const [i, witness] of honest.entries()) {
      const first = (side >> i) & 1 ? leaves : forked
      const second = first === leaves ? forked : leaves
      for (const tree of [first, second]) {
        const answer = await witness.addCheckpoint(bodyOf(0, 20, tree))
        if (answer.status === 200) votes[tree === leaves ? 'ours' : 'theirs']++
      }
    }
    expect(votes.ours >= 3 && votes.theirs >= 3).toBe(false)
    for (let i = 0; i < honest.length; i++) honest[i] = open()
  }
})
