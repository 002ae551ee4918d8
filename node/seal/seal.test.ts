import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FatalError } from '../../core/errors/index.ts'
import { MemoryStorage, readFile } from '../../core/storage/index.ts'
import { checkBatchStructure, parseBatchFiles } from '../../dao/batches/index.ts'
import {
  type Block,
  concatBytes,
  fileFromLeaves,
  LEAF_BYTES,
  MAX_BATCH_RECORDS,
  rawCid,
  sha256,
  SKETCH_BYTES,
  utf8,
} from '../../schemas/wire/index.ts'
import { contributor, salt, sampleBatch, sampleInput, sampleRecord } from '../../tests/unit/sample-batch.ts'
import { BatchSealer, BatchWriter, sealBatch } from './index.ts'

const texts = fc.array(fc.string({ maxLength: 200 }), { minLength: 1, maxLength: 12 })

describe('sealBatch', () => {
  it('makes two ordinary gzip files: zcat gives the records line by line, and the evidence in order', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (list) => {
        const input = sampleInput(list)
        const batch = sealBatch(input)
        const { private: space } = new MemoryStorage()
        await space.put(batch.blocks)
        await space.pin(batch.manifestCid)
        const zcat = async (file: 'records' | 'evidence'): Promise<Uint8Array> =>
          new Uint8Array(gunzipSync(await readFile(space, batch[file].root, batch[file].size)))
        expect(await zcat('records')).toEqual(concatBytes(...[...input.records].flatMap((one) => [one.record, utf8('\n')])))
        const members = [...input.groups].flat().map((member) => new Uint8Array(gunzipSync(member)))
        expect(await zcat('evidence')).toEqual(concatBytes(...members))
        expect(await readFile(space, batch.manifest.index, 1 << 20)).toEqual(batch.indexBytes)
        expect(await readFile(space, batch.manifest.sketches, 1 << 20)).toEqual(batch.sketches)
      }),
      { numRuns: 40 },
    )
  })

  it('commits so that both roots rebuild from the index alone, and passes its own check', () => {
    fc.assert(
      fc.property(texts, (list) => {
        const batch = sealBatch(sampleInput(list))
        expect(fileFromLeaves(batch.index.recordLeaves).root.equals(batch.manifest.records)).toBe(true)
        expect(fileFromLeaves(batch.index.evidenceLeaves).root.equals(batch.manifest.evidence)).toBe(true)
        const files = parseBatchFiles(batch.manifestBytes, batch.indexBytes, batch.sketches)
        expect(checkBatchStructure(files, salt, contributor)).toEqual({ ok: true })
      }),
      { numRuns: 40 },
    )
  })

  it('names each record by its uncompressed bytes and puts row i of the sketches at byte 512·i', () => {
    const batch = sampleBatch(3)
    batch.index.rows.forEach((row, i) => {
      expect(row.record.equals(rawCid(sampleRecord(i).record))).toBe(true)
      expect(batch.sketches.subarray(i * SKETCH_BYTES, (i + 1) * SKETCH_BYTES)).toEqual(sampleRecord(i).sketch)
    })
    expect(batch.index.rows.map((row) => row.robotsLeaves)).toEqual([
      [0, 0],
      [1, 1],
      [1, 1],
    ])
  })

  it('gives the same manifest for the same input', () => {
    expect(String(sampleBatch(5).manifestCid)).toBe(String(sampleBatch(5).manifestCid))
  })

  it('cuts a fetch of several MiB into leaves that only belong to it', () => {
    const input = sampleInput(['one', 'two'])
    const groups = [...input.groups]
    groups[2] = [new Uint8Array(randomBytes(2 * LEAF_BYTES + 5))]
    const { index } = sealBatch({ ...input, groups })
    expect(index.rows[0]?.evidenceLeaves).toEqual([2, 3])
    expect(index.rows[1]?.evidenceLeaves).toEqual([5, 1])
    expect(index.rows[1]?.evidenceOffset).toBe((index.rows[0]?.evidenceOffset ?? 0) + 2 * LEAF_BYTES + 5)
  })
})

describe('BatchWriter', () => {
  const { records: _, groups: __, from, to, ...header } = sampleInput([])
  const pageOf = (i: number) => ({
    hops: [],
    evidence: [new Uint8Array(randomBytes(LEAF_BYTES))],
    robots: null,
    records: [sampleRecord(i)],
  })

  it('seals the same batch from pages as from their parts, stored in portions', async () => {
    const input = sampleInput(['one', 'two', 'three', 'four'])
    // a page of two records, with a redirect before the second page
    const records = [...input.records].map((one, i) => ({ ...one, robotsGroup: 1, evidenceGroup: [2, 2, 4, 5][i] as number }))
    const groups = [...input.groups].map((members, i) => (i === 0 ? members : [new Uint8Array(randomBytes(LEAF_BYTES))]))
    const membersOf = (group: number): Uint8Array[] => groups[group] as Uint8Array[]
    const { private: space } = new MemoryStorage()
    const portions: number[] = []
    const put = (blocks: Iterable<Block>): Promise<void> => {
      const list = [...blocks]
      portions.push(list.reduce((sum, { bytes }) => sum + bytes.byteLength, 0))
      return space.put(list)
    }
    const robots = { name: {}, read: () => membersOf(1) }
    const writer = new BatchWriter({ put }, { ...header, warcinfo: membersOf(0) })
    await writer.add({ hops: [], evidence: membersOf(2), robots, records: records.slice(0, 2) })
    await writer.add({ hops: [membersOf(3)], evidence: membersOf(4), robots, records: records.slice(2, 3) })
    await writer.add({ hops: [], evidence: membersOf(5), robots, records: records.slice(3) })
    const sealed = await writer.finish({ from, to })
    expect(String(sealed.manifestCid)).toBe(String(sealBatch({ ...input, records, groups }).manifestCid))
    await space.pin(sealed.manifestCid)
    expect(portions.length).toBe(3)
    expect(Math.max(...portions)).toBeLessThan(3 * LEAF_BYTES)
  })

  it('keeps the order in which pages came while the space is behind, one portion at a time, and lets those wait for whom there is no room', async () => {
    const { private: space } = new MemoryStorage()
    const gate = Promise.withResolvers<void>()
    const portions: number[] = []
    let under = 0
    const put = async (blocks: Iterable<Block>): Promise<void> => {
      expect(++under).toBe(1)
      portions.push([...blocks].length)
      await gate.promise
      under--
      return space.put(blocks)
    }
    const writer = new BatchWriter({ put }, { ...header, warcinfo: [utf8('info')] })
    const taken: number[] = []
    const adding = Array.from({ length: 5 }, (_none, i) => writer.add(pageOf(i)).then(() => taken.push(i)))
    // two pages fill a portion, and the second waits for it; the third has room, and the fourth fills the next
    await adding[2]
    expect([taken, portions]).toEqual([[0, 2], [5]])
    gate.resolve()
    await Promise.all(adding)
    expect(portions).toEqual([5, 6])
    const { index, manifestCid } = await writer.finish({ from, to })
    expect(index.rows.map(({ record }) => String(record))).toEqual(adding.map((_none, i) => String(rawCid(sampleRecord(i).record))))
    await space.pin(manifestCid)
  })

  it('takes nothing more and closes no batch once the space has failed, also where nobody heard of it', async () => {
    let puts = 0
    const put = async (): Promise<void> => {
      puts++
      throw new FatalError('DISK_FULL', 'the disk is full')
    }
    const writer = new BatchWriter({ put }, { ...header, warcinfo: [utf8('info')] })
    await writer.add(pageOf(0))
    const unheard = writer.add(pageOf(1))
    const closing = writer.finish({ from, to })
    await expect(unheard).rejects.toMatchObject({ code: 'DISK_FULL' })
    await expect(closing).rejects.toMatchObject({ code: 'DISK_FULL' })
    await expect(writer.add(pageOf(2))).rejects.toMatchObject({ code: 'DISK_FULL' })
    await expect(writer.finish({ from, to })).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(puts).toBe(1)
  })

  it('is not closed by a second try without the blocks that the first could not store', async () => {
    let isFull = true
    const put = async (): Promise<void> => {
      if (isFull) throw new FatalError('DISK_FULL', 'the disk is full')
    }
    const writer = new BatchWriter({ put }, { ...header, warcinfo: [utf8('info')] })
    await writer.add(pageOf(0))
    await expect(writer.finish({ from, to })).rejects.toMatchObject({ code: 'DISK_FULL' })
    isFull = false
    await expect(writer.finish({ from, to })).rejects.toMatchObject({ code: 'DISK_FULL' })
  })
})

describe('BatchSealer', () => {
  const { records: _, groups: __, from, to, ...header } = sampleInput([])
  const group = [utf8('a member')]
  const code = (work: () => unknown): unknown => {
    try {
      work()
    } catch (thrown) {
      return (thrown as { code?: string }).code
    }
    return undefined
  }

  it('hands blocks over as they are made and gives the same batch as all at once', () => {
    const input = sampleInput(['a', 'b', 'c'])
    const sealer = new BatchSealer(header)
    const drained: string[] = []
    const store = (): void => {
      drained.push(...sealer.drain().map((block) => String(block.cid)))
    }
    for (const members of input.groups) {
      sealer.addGroup(members)
      store()
    }
    for (const record of input.records) {
      sealer.addRecord(record)
      store()
    }
    const streamed = sealer.finish({ from, to })
    const whole = sealBatch(input)
    expect(String(streamed.manifestCid)).toBe(String(whole.manifestCid))
    expect([...drained, ...streamed.blocks.map((block) => String(block.cid))].toSorted()).toEqual(
      whole.blocks.map((b) => String(b.cid)).toSorted(),
    )
    expect(drained.length).toBeGreaterThan(streamed.blocks.length)
  })

  it('keeps nothing of a page whose bytes lie together but what the index needs', () => {
    const { contentDigest } = sampleRecord(0)
    const sketch = new Uint8Array(randomBytes(SKETCH_BYTES))
    const page = new Uint8Array(1 << 20)
    page.set(contentDigest)
    page.set(sketch, contentDigest.length)
    const own = { contentDigest: page.subarray(0, 32), sketch: page.subarray(32, 32 + SKETCH_BYTES) }
    const sealer = new BatchSealer(header)
    sealer.addRecord({ ...sampleRecord(0), ...own, evidenceGroup: sealer.addGroup(group), robotsGroup: null })
    page.fill(0)
    const { index, sketches } = sealer.finish({ from, to })
    expect([index.rows[0]?.contentDigest, sketches]).toEqual([contentDigest, sketch])
  })

  it('refuses what no validator could take', () => {
    const sealer = new BatchSealer(header)
    expect(code(() => sealer.finish({ from, to }))).toBe('EMPTY_BATCH')
    expect(code(() => sealer.addRecord(sampleRecord(0)))).toBe('BAD_GROUP')
    expect(code(() => sealer.addGroup([]))).toBe('GROUP_TOO_LARGE')
    expect(code(() => sealer.addGroup([new Uint8Array(12 * LEAF_BYTES + 1)]))).toBe('GROUP_TOO_LARGE')
    const evidenceGroup = sealer.addGroup(group)
    const one = { ...sampleRecord(0), evidenceGroup }
    expect(code(() => sealer.addRecord({ ...one, record: new Uint8Array() }))).toBe('RECORD_TOO_LARGE')
    expect(code(() => sealer.addRecord({ ...one, record: new Uint8Array(LEAF_BYTES + 1) }))).toBe('RECORD_TOO_LARGE')
    expect(code(() => sealer.addRecord({ ...one, sketch: new Uint8Array(5) }))).toBe('BAD_SKETCH')
    expect(code(() => sealer.addRecord({ ...one, robotsGroup: sealer.addGroup([new Uint8Array(2 * LEAF_BYTES + 1)]) }))).toBe(
      'GROUP_TOO_LARGE',
    )
    expect(sealer.count).toBe(0)
    sealer.addRecord({ ...one, quality: 0.5 })
    expect(code(() => sealer.finish({ from, to }))).toBe('BAD_SHAPE')
  })

  it('is full at 4,096 records', () => {
    const sealer = new BatchSealer(header)
    const evidenceGroup = sealer.addGroup(group)
    for (let i = 0; i < MAX_BATCH_RECORDS; i++)
      sealer.addRecord({
        ...sampleRecord(0),
        record: utf8(`{"i":${i}}`),
        contentDigest: sha256(utf8(String(i))),
        evidenceGroup,
        robotsGroup: null,
      })
    expect(sealer.isFull).toBe(true)
    expect(code(() => sealer.addRecord({ ...sampleRecord(0), evidenceGroup }))).toBe('BATCH_FULL')
    const batch = sealer.finish({ from, to })
    const files = parseBatchFiles(batch.manifestBytes, batch.indexBytes, batch.sketches)
    expect(checkBatchStructure(files, salt, contributor)).toEqual({ ok: true })
  })
})
