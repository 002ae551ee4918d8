import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { MemoryStorage } from '../../core/storage/index.ts'
import {
  type BatchIndex,
  batchLeaf,
  type BatchManifest,
  type CID,
  chunkFile,
  cborCid,
  encode,
  fileCid,
  fileFromLeaves,
  leavesOf,
  matchesCid,
  merkleTreeHash,
  rawCid,
  sha256,
  utf8,
} from '../../schemas/wire/index.ts'
import { contributor, salt, sampleBatch, sampleRecord } from '../../tests/unit/sample-batch.ts'
import { askOf } from '../../tests/support/ask-of.ts'
import {
  areRowBlocks,
  type AskBlocks,
  type BatchFiles,
  batchRoots,
  checkBatchStructure,
  fetchDag,
  fetchFile,
  openRecord,
  parseBatchFiles,
  parseManifest,
  readRow,
} from './index.ts'

const batch = sampleBatch(7)
const files = (): BatchFiles => structuredCloneFiles(parseBatchFiles(batch.manifestBytes, batch.indexBytes, batch.sketches))
/** A copy of our own to bend: parsed files are shared. */
const structuredCloneFiles = ({ manifest, index, sketches }: BatchFiles): BatchFiles => ({
  manifest: { ...manifest },
  index: {
    ...index,
    recordLeaves: [...index.recordLeaves],
    evidenceLeaves: [...index.evidenceLeaves],
    rows: index.rows.map((row) => ({ ...row })),
  },
  sketches: sketches.slice(),
})
const never = new AbortController().signal
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Error & { code?: string }) => error.code ?? error.message,
  )
const thrownBy = (work: () => unknown): string | undefined => {
  try {
    work()
  } catch (thrown) {
    return (thrown as { code?: string }).code
  }
  return undefined
}

describe('parseBatchFiles', () => {
  it('gives the three files, parsed once', () => {
    const parsed = parseBatchFiles(batch.manifestBytes, batch.indexBytes, batch.sketches)
    expect(parsed.index.rows).toHaveLength(7)
    expect(parseBatchFiles(batch.manifestBytes, batch.indexBytes, batch.sketches)).toBe(parsed)
    expect(batchRoots(parsed.manifest).map(String)).toEqual(
      [batch.records.root, batch.evidence.root, fileCid(batch.indexBytes), fileCid(batch.sketches)].map(String),
    )
  })

  it('refuses other files than the manifest names, and bytes out of shape', () => {
    const bent = batch.indexBytes.slice()
    bent[bent.length - 1] = (bent.at(-1) ?? 0) ^ 1
    expect(thrownBy(() => parseBatchFiles(batch.manifestBytes, bent, batch.sketches))).toBe('INDEX_MISMATCH')
    expect(thrownBy(() => parseBatchFiles(batch.manifestBytes, batch.indexBytes, batch.sketches.subarray(512)))).toBe('SKETCHES_MISMATCH')
    expect(thrownBy(() => parseManifest(utf8('nonsense')))).toBe('NOT_CBOR')
    expect(thrownBy(() => parseManifest(encode({ ...batch.manifest, extra: 1 })))).toBe('BAD_SHAPE')
    expect(thrownBy(() => parseManifest(new Uint8Array(5000)))).toBe('TOO_LARGE')
    expect(thrownBy(() => parseBatchFiles(batch.manifestBytes, new Uint8Array((4 << 20) + 1), batch.sketches))).toBe('TOO_LARGE')
    const nonsense = encode({ v: 1, rows: [] })
    const manifest = encode({ ...batch.manifest, index: fileCid(nonsense) })
    expect(thrownBy(() => parseBatchFiles(manifest, nonsense, batch.sketches))).toBe('BAD_SHAPE')
  })
})

describe('checkBatchStructure', () => {
  /** Bends the index and makes the manifest agree with it, as a cheat would. */
  const bentIndex = (bend: (index: BatchIndex) => void): BatchFiles => {
    const bent = files()
    bend(bent.index)
    bent.manifest.records = fileFromLeaves(bent.index.recordLeaves).root
    bent.manifest.evidence = fileFromLeaves(bent.index.evidenceLeaves).root
    bent.manifest.merkleRoot = merkleTreeHash(bent.index.rows.map((row, i) => batchLeaf(salt, contributor, i, row)))
    return bent
  }
  const bentManifest = (bend: Partial<BatchManifest>): BatchFiles => ({ ...files(), manifest: { ...files().manifest, ...bend } })
  const row = (index: BatchIndex, i: number) => index.rows[i] as BatchIndex['rows'][number]

  it('passes an honest batch', () => {
    expect(checkBatchStructure(files(), salt, contributor)).toEqual({ ok: true })
    expect(
      checkBatchStructure(
        bentIndex(() => {}),
        salt,
        contributor,
      ),
    ).toEqual({ ok: true })
  })

  it.each<[string, string, () => BatchFiles]>([
    ['D1', 'WRONG_CONTRIBUTOR', () => bentManifest({ contributor: 'did:key:somebody' })],
    ['D1', 'WRONG_COUNT', () => bentManifest({ count: 8 })],
    ['D1', 'WRONG_SKETCHES', () => ({ ...files(), sketches: new Uint8Array(512 * 6) })],
    ['D1', 'WRONG_TIMES', () => bentManifest({ from: 1_800_000_000 })],
    ['D1', 'WRONG_PREV', () => bentManifest({ sequence: 1 })],
    ['D1', 'WRONG_PREV', () => bentManifest({ prev: batch.manifestCid })],
    ['D1', 'RECORD_RANGE', () => bentIndex((index) => (row(index, 2).recordLeaves = [1, 1]))],
    ['D1', 'RECORD_RANGE', () => bentIndex((index) => (row(index, 6).recordLeaves = [6, 2]))],
    ['D1', 'RECORD_RANGE', () => bentIndex((index) => (row(index, 0).recordLeaves = [0, 0]))],
    ['D1', 'RECORD_RANGE', () => bentIndex((index) => index.recordLeaves.push([rawCid(utf8('x')), 1]))],
    ['D1', 'EVIDENCE_RANGE', () => bentIndex((index) => (row(index, 1).evidenceLeaves = [3, 99]))],
    ['D1', 'EVIDENCE_RANGE', () => bentIndex((index) => (row(index, 1).evidenceLeaves = [8, 2]))],
    ['D1', 'EVIDENCE_RANGE', () => bentIndex((index) => (row(index, 1).evidenceOffset += 1))],
    ['D1', 'EVIDENCE_RANGE', () => bentIndex((index) => (row(index, 1).evidenceBytes -= 1))],
    ['D1', 'ROBOTS_RANGE', () => bentIndex((index) => (row(index, 1).robotsLeaves = [1, 0]))],
    ['D1', 'ROBOTS_RANGE', () => bentIndex((index) => (row(index, 1).robotsLeaves = [9, 1]))],
    ['D1', 'LEAF_NOT_RAW', () => bentIndex((index) => (index.evidenceLeaves[0] = [cborCid(utf8('x')), 1]))],
    ['D1', 'RECORD_NOT_RAW', () => bentIndex((index) => (row(index, 0).record = cborCid(utf8('x'))))],
    [
      'D1',
      'ROW_TOO_LARGE',
      () =>
        bentIndex((index) => {
          const grown = Array.from({ length: 12 }, (_, i): [CID, number] => [rawCid(utf8(`big ${i}`)), 1 << 20])
          const start = index.evidenceLeaves.reduce((sum, [, size]) => sum + size, 0)
          Object.assign(row(index, 6), {
            evidenceLeaves: [index.evidenceLeaves.length, 12],
            evidenceOffset: start,
            evidenceBytes: 12 << 20,
          })
          row(index, 6).robotsLeaves = [index.evidenceLeaves.length, 2]
          row(index, 6).recordLeaves = [6, 2]
          index.recordLeaves.splice(6, 1, [rawCid(utf8('r1')), 1 << 20], [rawCid(utf8('r2')), 1 << 20])
          index.evidenceLeaves.push(...grown)
        }),
    ],
    ['D2', 'RECORDS_ROOT', () => bentManifest({ records: rawCid(utf8('x')) })],
    ['D2', 'EVIDENCE_ROOT', () => bentManifest({ evidence: rawCid(utf8('x')) })],
    ['D9', 'MERKLE_ROOT', () => bentManifest({ merkleRoot: sha256(utf8('x')) })],
  ])('finds %s %s', (check, code, bent) => {
    expect(checkBatchStructure(bent(), salt, contributor)).toMatchObject({ ok: false, check, code })
  })

  it('finds a batch lifted from another contributor, and another salt', () => {
    expect(checkBatchStructure(files(), sha256(utf8('other salt')), contributor)).toMatchObject({ check: 'D9' })
    const thief = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'
    expect(checkBatchStructure(bentManifest({ contributor: thief }), salt, thief)).toMatchObject({ check: 'D9', code: 'MERKLE_ROOT' })
  })
})

const stored = async (): Promise<AskBlocks> => {
  const { private: space } = new MemoryStorage()
  await space.put(batch.blocks)
  return askOf((cid) => space.get(cid))
}

describe('fetchDag', () => {
  it('brings a whole batch by its manifest in few questions', async () => {
    const ask = await stored()
    let questions = 0
    const got = new Set<string>()
    const counted: AskBlocks = (cids, signal, most) => {
      questions++
      expect(cids.length).toBeLessThanOrEqual(256)
      return ask(cids, signal, most)
    }
    for await (const blocks of fetchDag(counted, batch.manifestCid, { maxBytes: 1 << 20, signal: never })) {
      for (const { cid, bytes } of blocks) {
        expect(matchesCid(cid, bytes)).toBe(true)
        got.add(String(cid))
      }
    }
    expect(got).toEqual(new Set(batch.blocks.map((block) => String(block.cid))))
    expect(questions).toBeLessThan(8)
  })

  it('goes on where a broken transfer stopped', async () => {
    const ask = await stored()
    const half = new Map(batch.blocks.slice(0, 9).map((block) => [String(block.cid), block.bytes]))
    const asked: string[] = []
    const watched: AskBlocks = (cids, signal, most) => {
      asked.push(...cids.map(String))
      return ask(cids, signal, most)
    }
    const have = (cid: CID): Promise<Uint8Array | undefined> => Promise.resolve(half.get(String(cid)))
    for await (const blocks of fetchDag(watched, batch.manifestCid, { maxBytes: 1 << 20, signal: never, have }))
      expect(blocks.length).toBeGreaterThan(0)
    expect(asked.filter((cid) => half.has(cid))).toEqual([])
    expect(asked.length).toBe(batch.blocks.length - 9)
  })

  it('reads one file, and keeps questions within what a reply can carry', async () => {
    const bytes = new Uint8Array(30 << 20).map((_, i) => (i * 2_654_435_761) >>> 13)
    const file = chunkFile(bytes)
    const map = new Map(file.blocks.map((block) => [String(block.cid), block.bytes]))
    const ask: AskBlocks = (cids) => {
      const reply = cids.map((cid) => map.get(String(cid)) ?? null)
      expect(reply.reduce((sum, block) => sum + (block?.byteLength ?? 0), 0)).toBeLessThan(12 << 20)
      return Promise.resolve(reply)
    }
    expect(Buffer.compare(await fetchFile(ask, file.root, { maxBytes: bytes.length, signal: never }), bytes)).toBe(0)
    expect(await codeOf(fetchFile(ask, file.root, { maxBytes: bytes.length - 1, signal: never }))).toBe('TOO_LARGE')
  })

  it('refuses wrong, missing, oversized and miscounted blocks', async () => {
    const ask = await stored()
    const root = batch.manifest.records
    const run = (bend: (blocks: (Uint8Array | null)[]) => (Uint8Array | null)[], maxBytes = 1 << 20): Promise<string> =>
      codeOf(fetchFile(async (cids, signal, most) => bend(await ask(cids, signal, most)), root, { maxBytes, signal: never }))
    expect(await run((blocks) => blocks)).toBe('done')
    expect(await run((blocks) => blocks.map(() => null))).toBe('BLOCK_UNAVAILABLE')
    expect(await run((blocks) => blocks.map((block) => block && block.map((byte) => byte ^ 1)))).toBe('CID_MISMATCH')
    expect(await run((blocks) => blocks.map(() => new Uint8Array((2 << 20) + 1)))).toBe('TOO_LARGE')
    expect(await run((blocks) => [...blocks, null])).toBe('BAD_REPLY')
    expect(await run((blocks) => blocks, 100)).toBe('TOO_LARGE')
    const gone = AbortSignal.abort(new Error('gone'))
    expect(await codeOf(fetchFile(ask, root, { maxBytes: 1 << 20, signal: gone }))).toBe('gone')
  })
})

describe('readRow', () => {
  it('fetches and verifies record i alone', async () => {
    const ask = await stored()
    for (let i = 0; i < 7; i++) {
      const asked: CID[] = []
      const watched: AskBlocks = (cids, signal, most) => {
        asked.push(...cids)
        return ask(cids, signal, most)
      }
      const read = await readRow(watched, files(), i, never)
      expect(read.opened).toEqual({ ok: true, record: sampleRecord(i).record })
      expect(asked).toHaveLength(i % 3 === 0 ? 2 : 3)
      expect(read.robotsBlocks).toHaveLength(i % 3 === 0 ? 0 : 1)
      expect(areRowBlocks(files().index, i, read)).toBe(true)
      expect(areRowBlocks(files().index, (i + 1) % 7, read)).toBe(false)
    }
    expect(await codeOf(readRow(ask, files(), 7, never))).toBe('NO_SUCH_ROW')
  })

  it('says of what the leaves hold whether it is the record the index names', () => {
    const opened = (content: Uint8Array): unknown => {
      const { index } = files()
      const { leaves, blocks } = leavesOf([content])
      index.recordLeaves.splice(0, 1, ...leaves)
      return openRecord(
        index,
        0,
        blocks.map((block) => block.bytes),
      )
    }
    const line = (text: string): Uint8Array => new Uint8Array(gzipSync(text))
    const honest = `${Buffer.from(sampleRecord(0).record).toString()}\n`
    expect(opened(line(honest))).toMatchObject({ ok: true })
    expect(opened(line(`${honest}\n`))).toMatchObject({ ok: false, check: 'D2', code: 'RECORD_CID' })
    expect(opened(line(honest.trimEnd()))).toMatchObject({ check: 'D1', code: 'RECORD_NEWLINE' })
    expect(opened(utf8(honest))).toMatchObject({ check: 'D1', code: 'RECORD_GZIP' })
    expect(opened(new Uint8Array(Buffer.concat([line(honest), Buffer.alloc(3)])))).toMatchObject({ check: 'D1', code: 'RECORD_GZIP' })
    expect(opened(new Uint8Array(Buffer.concat([line(honest), line('')])))).toMatchObject({ check: 'D1', code: 'RECORD_GZIP' })
    expect(opened(line('a'.repeat(5 << 20)))).toMatchObject({ check: 'D1', code: 'RECORD_GZIP' })
    const lying = files().index
    ;(lying.rows[0] as { bytes: number }).bytes += 1
    expect(openRecord(lying, 0, [line(honest)])).toMatchObject({ check: 'D1', code: 'RECORD_BYTES' })
  })
})
