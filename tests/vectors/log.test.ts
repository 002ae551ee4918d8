/** The log's vectors, ours and those that Go's checksum database code made. Any implementation may be held against the same files. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../core/errors/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { keyFromSeed } from '../../core/identity/index.ts'
import {
  consistencyRanges,
  formatVkey,
  inclusionRanges,
  keyring,
  leafHash,
  LogTail,
  MemoryLogStore,
  noteSigner,
  openNote,
  openWitness,
  parseCheckpoint,
  parseNote,
  parsePolicy,
  parseSkey,
  parseTilePath,
  parseVkey,
  policyOf,
  rootOfLeaves,
  signNote,
  tilePath,
  verifyConsistency,
  verifyProof,
} from '../../dao/log/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import vectors from './log.json' with { type: 'json' }
import go from './log-go-sumdb.json' with { type: 'json' }

const entries = Array.from({ length: 300 }, (_, i) => utf8(`entry ${i}`))
const leaves = entries.map(leafHash)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const hashOf = ([from, to]: readonly [number, number]): string => base64(rootOfLeaves(leaves.slice(from, to)))

/** The result, or the code of the error, as the vectors write it. */
function outcome<T>(run: () => T): T | { error: string } {
  try {
    return run()
  } catch (error) {
    return { error: codeOf(error) }
  }
}

describe('trees', () => {
  it.each(vectors.trees)('of $size entries', ({ size, root }) => {
    expect(hashOf([0, size])).toBe(root)
  })

  it.each(vectors.inclusion)('prove entry $index of $size', ({ index, size, path }) => {
    expect(inclusionRanges(index, size).map(hashOf)).toEqual(path)
  })

  it.each(vectors.consistency)('prove $old within $size', ({ old, size, proof }) => {
    expect(consistencyRanges(old, size).map(hashOf)).toEqual(proof)
  })
})

describe('files', () => {
  it.each(vectors.tilePaths)('$path', ({ level, index, width, path }) => {
    expect(tilePath({ level: level as number, index, width })).toBe(path)
    expect(parseTilePath(path)).toEqual({ level, index, width })
  })

  it.each(vectors.badTilePaths)('refuses %s', (path) => {
    expect(parseTilePath(path)).toBeUndefined()
  })

  it('of the 300 entries', async () => {
    const store = new MemoryLogStore()
    await store.write(LogTail.empty().append(entries).files)
    const found = [...store.files].map(([path, file]) => ({
      path,
      bytes: file.byteLength,
      sha256: createHash('sha256').update(file).digest('hex'),
    }))
    expect(found.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual(vectors.files)
  })
})

it.each(vectors.notes)('note: $name', ({ vkeys, note, opens, times, error }) => {
  const found = outcome(() => {
    const { verified } = openNote(note, keyring(vkeys.map(parseVkey)))
    const stamps = verified.flatMap(({ time }) => time ?? []).toSorted((a, b) => a - b)
    return { opens: verified.length, ...(times ? { times: stamps } : {}) }
  })
  expect(found).toEqual(error ? { error } : { opens, ...(times ? { times } : {}) })
})

it.each(vectors.checkpoints)('checkpoint $text', ({ text, size, extensions, error }) => {
  const found = outcome(() => {
    const checkpoint = parseCheckpoint(text)
    return { size: checkpoint.size, extensions: checkpoint.extensions }
  })
  expect(found).toEqual(error ? { error } : { size, extensions: extensions ?? [] })
})

it.each(vectors.proofs)('proof: $name', ({ entry, proof, index, time, error }) => {
  const found = outcome(() => {
    const verified = verifyProof(proof, utf8(entry), parsePolicy(vectors.policy))
    return { index: verified.index, time: verified.checkpoint.time }
  })
  expect(found).toEqual(error ? { error } : { index, time })
})

it('a witness answers the steps in their order', async () => {
  const signer = noteSigner('witness.example/1', 4, keyFromSeed(new Uint8Array(32).fill(11)))
  expect(formatVkey(signer.key)).toBe(vectors.keys.witnesses[0])
  const log = parseVkey(vectors.keys.log)
  const witness = openWitness({ signer, kv: new MemoryKv(), clock: { now: () => 0 }, logs: (origin) => (origin === log.name ? [log] : []) })
  for (const { body, status, answer } of vectors.witness) {
    const given = await witness.addCheckpoint(body)
    expect(given.status).toBe(status)
    expect(given.body).toContain(answer ?? '')
  }
})

describe('what Go wrote', () => {
  const opened = openNote(go.checkpoint, keyring([parseVkey(go.log), parseVkey(go.witness)]))

  it('opens: signature and cosignature', () => {
    expect(opened.verified.map(({ key, time }) => [key.name, time])).toEqual([
      ['go.example/log', null],
      ['go.example/witness', go.time],
    ])
    expect(parseCheckpoint(opened.text).root).toEqual(rootOfLeaves(go.entries.map((entry) => leafHash(utf8(entry)))))
  })

  it('is what we sign with the same key', () => {
    const { text } = parseNote(go.checkpoint)
    expect(go.checkpoint.startsWith(signNote(text, [parseSkey(go.signer)]))).toBe(true)
  })

  it('proves an entry and an older tree', () => {
    const policy = policyOf({ logs: [go.log], witnesses: [go.witness], quorum: 1 })
    expect(verifyProof(go.proof, utf8(go.entries[7] as string), policy)).toMatchObject({ index: 7, checkpoint: { time: go.time } })
    const { size, root } = parseCheckpoint(opened.text)
    const old = { oldSize: go.old.size, oldRoot: bytes(go.old.root), size, root }
    expect(verifyConsistency(go.old.consistency.map(bytes), old)).toBe(true)
  })
})
