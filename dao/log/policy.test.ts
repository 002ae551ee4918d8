import { describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import {
  cosign,
  formatPolicy,
  formatProof,
  formatVkey,
  isQuorum,
  leafHash,
  LogTail,
  MemoryLogStore,
  noteSigner,
  parseNote,
  parsePolicy,
  parseProof,
  policyOf,
  proveInclusion,
  SIGNATURE_TYPES,
  signCheckpoint,
  verifyCheckpoint,
  verifyProof,
  withSignatures,
} from './index.ts'

const keyOf = (n: number) => keyFromSeed(new Uint8Array(32).fill(n))
const log = noteSigner('log.example/a', SIGNATURE_TYPES.ed25519, keyOf(1))
const witness = (n: number) => noteSigner(`witness.example/${n}`, SIGNATURE_TYPES.cosignature, keyOf(10 + n))
const w = (n: number): string => formatVkey(witness(n).key)
const logVkey = formatVkey(log.key)

const example = `
# two levels of groups
log ${logVkey} https://log.example/a

witness X1 ${w(1)}
witness X2 ${w(2)}   https://x2.example/
\twitness\tX3 ${w(3)}
group X-witnesses 2 X1 X2 X3

witness Y1 ${w(4)}
witness Y2 ${w(5)}
group Y-witnesses any Y1 Y2

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
`

describe('a policy', () => {
  it('reads back as it was written', () => {
    const policy = parsePolicy(example)
    expect(parsePolicy(formatPolicy(policy))).toEqual(policy)
    expect(policy.logs[0]?.url).toBe('https://log.example/a')
    expect(policy.groups.get('X-and-Y')).toEqual({ k: 2, members: ['X-witnesses', 'Y-witnesses'] })
  })

  it.each<[string[], boolean]>([
    [[], false],
    [['X1', 'X2'], false],
    [['X1', 'X2', 'Y2'], true],
    [['X1', 'Y1', 'Y2'], false],
    [['X1', 'X2', 'X3', 'Y1', 'Y2'], true],
  ])('of two levels: %j is a quorum: %s', (names, holds) => {
    expect(isQuorum(parsePolicy(example), new Set(names))).toBe(holds)
  })

  it('may ask for one witness, or for none', () => {
    expect(isQuorum(parsePolicy(`witness X ${w(1)}\nquorum X`), new Set(['X']))).toBe(true)
    expect(isQuorum(parsePolicy(`witness X ${w(1)}\nquorum X`), new Set())).toBe(false)
    expect(isQuorum(parsePolicy('quorum none\n'), new Set())).toBe(true)
  })

  it('is made from a roster', () => {
    const policy = policyOf({ logs: [logVkey], witnesses: [1, 2, 3, 4].map(w), quorum: 3 })
    expect(isQuorum(policy, new Set(['w1', 'w2']))).toBe(false)
    expect(isQuorum(policy, new Set(['w1', 'w2', 'w4']))).toBe(true)
    expect(policyOf({ logs: [logVkey], witnesses: [], quorum: 0 }).quorum).toBeNull()
    expect(() => policyOf({ logs: [], witnesses: [w(1)], quorum: 2 })).toThrow(expect.objectContaining({ code: 'BAD_POLICY' }))
  })

  it('takes many of everything', () => {
    const many = Array.from({ length: 64 }, (_, i) => i)
    const lines = [...many.map((i) => `witness W${i} ${w(i)}`), ...many.map((i) => `group G${i} all W${i}`)]
    expect(parsePolicy(`${lines.join('\n')}\nquorum G63\n`).groups.size).toBe(64)
  })

  it.each([
    ['nothing', ''],
    ['no quorum', `witness X ${w(1)}`],
    ['two quorums', 'quorum none\nquorum none'],
    ['a quorum of nobody', 'quorum X'],
    ['a name twice', `witness X ${w(1)}\nwitness X ${w(2)}\nquorum X`],
    ['a witness called none', `witness none ${w(1)}\nquorum none`],
    ['a key twice', `witness X ${w(1)}\nwitness Y ${w(1)}\nquorum X`],
    [
      'a key twice under two names',
      `witness X ${w(1)}\nwitness Y ${formatVkey(noteSigner('other', SIGNATURE_TYPES.cosignature, keyOf(11)).key)}\nquorum X`,
    ],
    ['a log key for a witness', `witness X ${logVkey}\nquorum X`],
    ['a witness key for a log', `log ${w(1)}\nquorum none`],
    ['a forward reference', `group G any X\nwitness X ${w(1)}\nquorum G`],
    ['a member of two groups', `witness X ${w(1)}\ngroup G any X\ngroup H any X\nquorum G`],
    ['a member twice', `witness X ${w(1)}\ngroup G any X X\nquorum G`],
    ['an empty group', 'group G any\nquorum G'],
    ['a threshold of 0', `witness X ${w(1)}\ngroup G 0 X\nquorum G`],
    ['a threshold too high', `witness X ${w(1)}\ngroup G 2 X\nquorum G`],
    ['a member that is none', `witness X ${w(1)}\ngroup G any none\nquorum G`],
    ['an unknown word', 'wintess X\nquorum none'],
    ['a carriage return', 'quorum none\r\n'],
    ['words too many', 'quorum none please'],
    ['far too much', '#'.repeat(300_000)],
  ])('is refused: %s', (_, text) => {
    expect(() => parsePolicy(text)).toThrow(expect.objectContaining({ code: 'BAD_POLICY' }))
  })

  it('names the line that is wrong', () => {
    expect(() => parsePolicy('# fine\nquorum none\nlog bogus\n')).toThrow(
      expect.objectContaining({ code: 'BAD_VKEY', detail: { line: 3 } }),
    )
  })
})

const entries = Array.from({ length: 400 }, (_, i) => utf8(`entry ${i}`))
async function logged() {
  const store = new MemoryLogStore()
  const tail = LogTail.empty()
  await store.write(tail.append(entries).files)
  const plain = signCheckpoint(400, tail.root(), log)
  const note = withSignatures(
    plain,
    [1, 2, 3].map((n) => cosign(parseNote(plain).text, 1_000 + n, witness(n))),
  )
  return { store, plain, note, policy: policyOf({ logs: [logVkey], witnesses: [1, 2, 3, 4].map(w), quorum: 3 }) }
}

describe('a checkpoint against a policy', () => {
  it('is verified with its witnesses and their time', async () => {
    const { note, policy } = await logged()
    expect(verifyCheckpoint(note, policy)).toMatchObject({
      origin: 'log.example/a',
      size: 400,
      cosigned: [
        { name: 'w1', time: 1001 },
        { name: 'w2', time: 1002 },
        { name: 'w3', time: 1003 },
      ],
      time: 1002,
    })
  })

  it('needs its quorum, its log and every known line to hold', async () => {
    const { note, plain, policy } = await logged()
    const refused = (text: string, code: string, by = policy) =>
      expect(() => verifyCheckpoint(text, by)).toThrow(expect.objectContaining({ code }))
    refused(plain, 'NO_QUORUM')
    refused(note.replace('\n400\n', '\n401\n'), 'BAD_SIGNATURE')
    refused(note, 'UNKNOWN_LOG', parsePolicy('quorum none'))
    refused(note.replace(/\u2014 log.*\n/, ''), 'NO_KNOWN_SIGNATURE')
    refused(note.replaceAll('log.example/a', 'log.example/b'), 'UNKNOWN_LOG')
    refused('', 'BAD_NOTE')
  })

  it('of one log is not signed by another log of the policy', async () => {
    const { policy } = await logged()
    const second = noteSigner('log.example/b', SIGNATURE_TYPES.ed25519, keyOf(2))
    const both = { ...policy, quorum: null, logs: [...policy.logs, { key: second.key, url: null }] }
    const note = signCheckpoint(1, leafHash(utf8('x')), second).replace('log.example/b\n1', 'log.example/a\n1')
    expect(() => verifyCheckpoint(note, both)).toThrow(expect.objectContaining({ code: 'NO_KNOWN_SIGNATURE' }))
  })
})

describe('a proof file', () => {
  it('shows an entry offline', async () => {
    const { store, note, policy } = await logged()
    for (const index of [0, 255, 256, 399]) {
      const text = await proveInclusion(store, note, index)
      expect(verifyProof(text, entries[index] as Uint8Array, policy)).toMatchObject({ index, checkpoint: { size: 400 } })
      expect(() => verifyProof(text, utf8('another entry'), policy)).toThrow(expect.objectContaining({ code: 'NOT_INCLUDED' }))
      expect(() => verifyProof(text.replace(`index ${index}`, `index ${index + 1}`), entries[index] as Uint8Array, policy)).toThrow(
        expect.objectContaining({ code: 'NOT_INCLUDED' }),
      )
    }
    await expect(proveInclusion(store, note, 400)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' })
  })

  it('is as good as its checkpoint', async () => {
    const { store, plain, policy } = await logged()
    const text = await proveInclusion(store, plain, 5)
    expect(() => verifyProof(text, entries[5] as Uint8Array, policy)).toThrow(expect.objectContaining({ code: 'NO_QUORUM' }))
  })

  it('carries extra data that proves nothing', async () => {
    const { store, note, policy } = await logged()
    const proof = parseProof(await proveInclusion(store, note, 5))
    const text = formatProof({ ...proof, extra: utf8('hello') })
    expect(parseProof(text).extra).toEqual(utf8('hello'))
    expect(verifyProof(text, entries[5] as Uint8Array, policy).index).toBe(5)
  })

  it('of a log with one entry has an empty path', async () => {
    const store = new MemoryLogStore()
    const tail = LogTail.empty()
    await store.write(tail.append([utf8('only')]).files)
    const text = await proveInclusion(store, signCheckpoint(1, tail.root(), log), 0)
    expect(text).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 0\n\nlog\.example\/a\n1\n/)
    expect(verifyProof(text, utf8('only'), policyOf({ logs: [logVkey], witnesses: [], quorum: 0 })).index).toBe(0)
  })

  it.each([
    ['nothing', ''],
    ['another first line', 'c2sp.org/tlog-proof@v2\nindex 0\n\n'],
    ['no index', 'c2sp.org/tlog-proof@v1\n\n'],
    ['a leading zero', 'c2sp.org/tlog-proof@v1\nindex 00\n\n'],
    ['extra that is no base64', 'c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n'],
    ['extra after the index', 'c2sp.org/tlog-proof@v1\nindex 0\nextra AAAA\n\n'],
    ['a short hash', 'c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n'],
    ['no empty line', 'c2sp.org/tlog-proof@v1\nindex 0\n'],
    ['too many hashes', `c2sp.org/tlog-proof@v1\nindex 0\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(65)}\n`],
    ['far too much', 'x'.repeat(200_000)],
  ])('is refused: %s', (_, text) => {
    expect(() => parseProof(text)).toThrow(expect.objectContaining({ code: 'BAD_PROOF' }))
  })
})
