/**
 * Builds a batch while a crawl goes on: groups and records come in one by one, their blocks go out with `drain`, and only leaf lists
 * stay in memory. What `finish` gives commits to all of it.
 */
import { recordMember } from '../../schemas/evidence/index.ts'
import {
  batchIndex,
  type BatchIndex,
  batchLeaf,
  batchManifest,
  type BatchManifest,
  type Block,
  type CID,
  cborCid,
  chunkFile,
  concatBytes,
  encode,
  fileFromLeaves,
  type IndexRow,
  type Leaf,
  leavesOf,
  type LeafRange,
  MAX_BATCH_RECORDS,
  MAX_EVIDENCE_LEAVES,
  MAX_INDEX_BYTES,
  MAX_RECORD_BYTES,
  MAX_ROBOTS_LEAVES,
  MAX_ROW_BYTES,
  merkleTreeHash,
  rawCid,
  shaped,
  SKETCH_BYTES,
} from '../../schemas/wire/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'

export interface SealHeader {
  /** Ledger id of the DAO. */
  ledger: string
  /** did:key of the contributor. */
  contributor: string
  /** `name@version`. */
  schema: string
  pipeline: string
  sequence: number
  prev: CID | null
  /** 32 secret bytes until the reveal. */
  salt: Uint8Array
}

export interface SealRecord {
  /** Canonical JSON, UTF-8, no newline. */
  record: Uint8Array
  host: string
  language: string
  tokens: number
  /** ppm. */
  quality: number
  contentDigest: Uint8Array
  /** 128 lanes u32 big-endian. */
  sketch: Uint8Array
  /** The record's gzip member with its newline, where it was made already. */
  packed?: Uint8Array | undefined
  /** Numbers that `addGroup` gave. */
  evidenceGroup: number
  robotsGroup: number | null
}

export interface SealedFile {
  root: CID
  size: number
}

export interface SealedBatch {
  manifestCid: CID
  manifest: BatchManifest
  manifestBytes: Uint8Array
  index: BatchIndex
  indexBytes: Uint8Array
  sketches: Uint8Array
  /** Whatever `drain` has not handed over yet, the manifest's own block last. All of it belongs below the manifest. */
  blocks: Block[]
  records: SealedFile
  evidence: SealedFile
}

interface Group {
  leaves: LeafRange
  offset: number
  bytes: number
}

export class BatchSealer {
  readonly #header: SealHeader
  readonly #recordLeaves: Leaf[] = []
  readonly #evidenceLeaves: Leaf[] = []
  readonly #groups: Group[] = []
  readonly #rows: IndexRow[] = []
  readonly #sketches: Uint8Array[] = []
  #evidenceBytes = 0
  #blocks: Block[] = []

  constructor(header: SealHeader) {
    this.#header = header
  }

  get count(): number {
    return this.#rows.length
  }

  get isFull(): boolean {
    return this.#rows.length >= MAX_BATCH_RECORDS
  }

  /**
   * The gzip members of one fetch (or of the warcinfo record, which must be the first group), in order; gives the group's number.
   * Throws InvalidInputError GROUP_TOO_LARGE.
   */
  addGroup(members: Uint8Array[]): number {
    const bytes = concatBytes(...members)
    const { leaves, blocks } = leavesOf([bytes])
    if (leaves.length === 0 || leaves.length > MAX_EVIDENCE_LEAVES)
      throw new InvalidInputError(
        'GROUP_TOO_LARGE',
        `the evidence of one fetch has 1 to ${MAX_EVIDENCE_LEAVES} MiB, not ${bytes.byteLength} bytes`,
      )
    this.#groups.push({ leaves: [this.#evidenceLeaves.length, leaves.length], offset: this.#evidenceBytes, bytes: bytes.byteLength })
    this.#evidenceLeaves.push(...leaves)
    this.#evidenceBytes += bytes.byteLength
    this.#blocks.push(...blocks)
    return this.#groups.length - 1
  }

  /** Gives the row's number. Throws InvalidInputError BATCH_FULL, RECORD_TOO_LARGE, ROW_TOO_LARGE, BAD_GROUP or BAD_SKETCH. */
  addRecord(one: SealRecord): number {
    if (this.isFull) throw new InvalidInputError('BATCH_FULL', `a batch has at most ${MAX_BATCH_RECORDS} records`)
    if (one.record.byteLength === 0 || one.record.byteLength > MAX_RECORD_BYTES)
      throw new InvalidInputError('RECORD_TOO_LARGE', `a record has 1 to ${MAX_RECORD_BYTES} bytes, not ${one.record.byteLength}`)
    if (one.sketch.byteLength !== SKETCH_BYTES) throw new InvalidInputError('BAD_SKETCH', `a sketch has ${SKETCH_BYTES} bytes`)
    const evidence = this.#group(one.evidenceGroup)
    const robots = one.robotsGroup === null ? undefined : this.#group(one.robotsGroup)
    if (robots !== undefined && robots.leaves[1] > MAX_ROBOTS_LEAVES)
      throw new InvalidInputError('GROUP_TOO_LARGE', `a robots.txt capture has at most ${MAX_ROBOTS_LEAVES} MiB`)
    const { leaves, blocks } = leavesOf([one.packed ?? recordMember(one.record)])
    const size = blocks.reduce((sum, block) => sum + block.bytes.byteLength, evidence.bytes + (robots?.bytes ?? 0))
    if (size > MAX_ROW_BYTES)
      throw new InvalidInputError('ROW_TOO_LARGE', `a record with its evidence has at most ${MAX_ROW_BYTES} bytes, not ${size}`)
    // what stays is copied: it may lie in one buffer with all else of its page
    this.#rows.push({
      record: rawCid(one.record),
      recordLeaves: [this.#recordLeaves.length, leaves.length],
      evidenceOffset: evidence.offset,
      evidenceBytes: evidence.bytes,
      evidenceLeaves: evidence.leaves,
      robotsLeaves: robots?.leaves ?? [0, 0],
      bytes: one.record.byteLength,
      tokens: one.tokens,
      quality: one.quality,
      language: one.language,
      host: one.host,
      contentDigest: one.contentDigest.slice(),
    })
    this.#recordLeaves.push(...leaves)
    this.#blocks.push(...blocks)
    this.#sketches.push(one.sketch.slice())
    return this.#rows.length - 1
  }

  #group(number: number): Group {
    const group = this.#groups[number]
    if (group === undefined) throw new InvalidInputError('BAD_GROUP', `there is no evidence group ${number}`)
    return group
  }

  /** The blocks made since the last call: store them, and they need no memory here. */
  drain(): Block[] {
    const blocks = this.#blocks
    this.#blocks = []
    return blocks
  }

  /**
   * Closes the batch. `from` and `to` are the first and the last fetch in Unix seconds.
   * Throws InvalidInputError EMPTY_BATCH or INDEX_TOO_LARGE, WireError BAD_SHAPE when a value given has no place in the index.
   */
  finish({ from, to }: { from: number; to: number }): SealedBatch {
    if (this.#rows.length === 0) throw new InvalidInputError('EMPTY_BATCH', 'a batch has at least one record')
    const { ledger, contributor, schema, pipeline, sequence, prev, salt } = this.#header
    const index = shaped(batchIndex, { v: 1, recordLeaves: this.#recordLeaves, evidenceLeaves: this.#evidenceLeaves, rows: this.#rows })
    const indexBytes = encode(index)
    if (indexBytes.byteLength > MAX_INDEX_BYTES)
      throw new InvalidInputError(
        'INDEX_TOO_LARGE',
        `the index has ${indexBytes.byteLength} bytes, at most ${MAX_INDEX_BYTES} are taken; seal fewer records`,
      )
    const sketches = concatBytes(...this.#sketches)
    const records = fileFromLeaves(index.recordLeaves)
    const evidence = fileFromLeaves(index.evidenceLeaves)
    const indexFile = chunkFile(indexBytes)
    const sketchFile = chunkFile(sketches)
    const manifest = shaped(batchManifest, {
      v: 1,
      dao: ledger,
      contributor,
      schema,
      pipeline,
      count: index.rows.length,
      records: records.root,
      evidence: evidence.root,
      index: indexFile.root,
      sketches: sketchFile.root,
      merkleRoot: merkleTreeHash(index.rows.map((row, i) => batchLeaf(salt, contributor, i, row))),
      sequence,
      prev,
      from,
      to,
    })
    const manifestBytes = encode(manifest)
    const manifestCid = cborCid(manifestBytes)
    const own: Block[] = [...records.blocks, ...evidence.blocks, ...indexFile.blocks, ...sketchFile.blocks]
    return {
      manifestCid,
      manifest,
      manifestBytes,
      index,
      indexBytes,
      sketches,
      blocks: [...this.drain(), ...own, { cid: manifestCid, bytes: manifestBytes }],
      records: { root: records.root, size: records.size },
      evidence: { root: evidence.root, size: evidence.size },
    }
  }
}
