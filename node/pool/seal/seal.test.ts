import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { MemoryStorage } from '../../../core/storage/index.ts'
import { printNotice } from '../../../dao/consent/index.ts'
import { combineAnswers, dealtHash, openChunk, ownerPart, partialKeys, poolContext } from '../../../dao/custody/index.ts'
import { REDACTION } from '../../../schemas/redact/index.ts'
import { cborCid, type CID, equalBytes, type KeyAnswer, sha256, toHex, utf8 } from '../../../schemas/wire/index.ts'
import { eventLines } from '../../../tests/support/pool-network.ts'
import { LEDGER, poolPolicy, rootSeed, subject } from '../../../tests/support/pool-world.ts'
import { createRootSeed, openRootSeed, ownerKey, pinContribution, type Sealed, sealContribution } from './index.ts'

const { policy, cid, bytes: policyBytes } = poolPolicy()
const toSeal = (lines: string[]) => ({
  lines,
  dao: LEDGER,
  subject: subject.did,
  policy: { cid, value: policy },
  schema: 'activity@1',
  from: '2025-01',
  to: '2025-12',
})
const seal = (lines: string[], ownerSeed?: Uint8Array): Sealed =>
  sealContribution({ ...toSeal(lines), ...(ownerSeed !== undefined && { ownerSeed }) })

/** What keyholders and an opener do, without a network. */
function opened({ manifest, cid: manifestCid, salt, shares, commitments, blocks }: Sealed, owner?: Uint8Array): string {
  const indices = manifest.chunks.map((_, i) => i)
  const dealt = dealtHash(commitments)
  const answers = [1, 3, 4].map((x): KeyAnswer => {
    const held = { x, generation: 0, share: shares[x - 1] as Uint8Array, salt, dealt, commitments }
    return { v: 1, manifest: manifestCid, ...held, ...partialKeys(held, indices) }
  })
  const context = poolContext(commitments[0] as Uint8Array, salt)
  const parts = owner && indices.map((i) => ownerPart(ownerKey(owner, salt), context, i))
  const keys = combineAnswers(answers, 3, indices, parts)?.keys as Uint8Array[]
  return indices
    .map((i) => Buffer.from(openChunk((blocks[i + 1] as { bytes: Uint8Array }).bytes, keys[i] as Uint8Array, context, i)).toString())
    .join('')
}

describe('sealing', () => {
  it.each([1, 128, 129, 300])('gives %d events back, in order, in 128 chunks or one for each', (count) => {
    const lines = eventLines(count)
    const sealed = seal(lines)
    expect(sealed.manifest.records).toBe(count)
    expect(sealed.manifest.chunks.length).toBe(Math.min(count, 128))
    expect(opened(sealed)).toBe(`${lines.join('\n')}\n`)
  })

  it('says what read the export and what redacted it, where that is known', () => {
    expect(seal(eventLines(1)).manifest).not.toHaveProperty('parser')
    const { manifest } = sealContribution({ ...toSeal(eventLines(1)), parser: 'spotify@1' })
    expect(manifest).toMatchObject({ parser: 'spotify@1', redaction: REDACTION })
  })

  it('names the key of its tokens in the index', () => {
    const tokens = { key: cborCid(utf8('key')), values: Array.from({ length: 16 }, (_, i) => sha256(utf8(String(i)))) }
    const sealed = sealContribution({ ...toSeal(eventLines(2)), tokens })
    expect(sealed.index).toMatchObject({ tokens: tokens.values, key: tokens.key })
    expect(seal(eventLines(2)).index).toMatchObject({ tokens: [], key: null })
  })

  it('cuts chunks by size as well, and refuses an event beyond the bound', () => {
    const big = (eventLines(1)[0] as string).replace(
      '"Song 0"',
      JSON.stringify('\u0001'.repeat(500)) + ',"text":' + JSON.stringify('\u0001'.repeat(33_500)),
    )
    const sealed = seal(Array.from({ length: 600 }, () => big))
    expect(sealed.manifest.chunks.length).toBe(216)
    expect(() => seal(['x'.repeat(300_000)])).toThrow(expect.objectContaining({ code: 'EVENT_TOO_LARGE' }))
    expect(() => seal([])).toThrow(expect.objectContaining({ code: 'NOTHING_TO_SEAL' }))
  })

  it('pins nothing that leads to a key: no share, commitment or salt is in manifest or chunks', () => {
    const sealed = seal(eventLines(50))
    const pinned = Buffer.concat(sealed.blocks.map(({ bytes }) => bytes))
    for (const secret of [sealed.salt, ...sealed.shares, ...sealed.commitments]) expect(pinned.includes(Buffer.from(secret))).toBe(false)
    expect(Object.keys(sealed.manifest)).not.toContain('key')
    // the same events again are other bytes throughout, but for the numbers about them
    const again = seal(eventLines(50))
    expect(again.blocks.slice(0, -1).some((block) => sealed.blocks.some(({ cid: known }) => known.equals(block.cid)))).toBe(false)
  })

  it("under the owner's veto opens with the owner's part only", () => {
    const sealed = seal(eventLines(5), rootSeed)
    expect(sealed.manifest.custody).toBe('committee+owner')
    expect(opened(sealed, rootSeed)).toContain('"id":"e4f')
    const wrong = expect.objectContaining({ code: 'CHUNK_UNREADABLE' }) as Error
    expect(() => opened(sealed)).toThrow(wrong)
    expect(() => opened(sealed, new Uint8Array(32))).toThrow(wrong)
  })
})

describe('pinning', () => {
  it.each([false, true])(
    'keeps sealed chunks in one space alone, where the policy says that they are public: %s',
    async (publicStorage) => {
      const value = { ...policy, publicStorage }
      const sealed = seal(eventLines(3))
      await using storage = new MemoryStorage()
      await pinContribution(storage, sealed, { cid, value, bytes: policyBytes, notice: utf8(printNotice(policy)) })
      const chunk = sealed.manifest.chunks[0] as CID
      expect([await storage.public.has(chunk), await storage.private.has(chunk)]).toEqual([publicStorage, !publicStorage])
    },
  )
})

it('keeps the root seed under a passphrase, and never writes over one', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-seed-'))
  const file = path.join(folder, 'root.age')
  await expect(openRootSeed(file, 'corn')).rejects.toMatchObject({ code: 'SEED_MISSING' })
  const seed = await createRootSeed(file, 'corn and water', 10)
  expect((await readFile(file)).includes(Buffer.from(seed))).toBe(false)
  expect(equalBytes(await openRootSeed(file, 'corn and water'), seed)).toBe(true)
  await expect(openRootSeed(file, 'corn')).rejects.toMatchObject({ code: 'SEED_UNREADABLE' })
  await expect(createRootSeed(file, 'corn and water', 10)).rejects.toMatchObject({ code: 'SEED_EXISTS' })
  expect(toHex(seed)).toHaveLength(64)
  await rm(folder, { recursive: true })
})
