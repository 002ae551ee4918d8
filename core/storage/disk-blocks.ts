/**
 * blockstore-level with three things added: writes wait for fsync and go many at a time, the bytes held are counted in the same write,
 * and every block carries the time it was last put, so that `gc` can spare what somebody is about to pin.
 * Keys: `/<multihash>` the block (as blockstore-level has it), `#<multihash>` its size and time, `usage` the two counters.
 */
import { LevelBlockstore } from 'blockstore-level'
import toBuffer from 'it-to-buffer'
import { base32upper } from 'multiformats/bases/base32'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import type { Block } from '../../schemas/wire/index.ts'
import { FatalError } from '../errors/index.ts'
import type { Level, Write } from '../home/index.ts'
import { Mutex } from './mutex.ts'
import type { Usage } from './storage.ts'

const USAGE = 'usage'
const PORTION_BYTES = 2 << 20
const PORTION_BLOCKS = 1024
const RAW = 0x55

type Source = AsyncIterable<{ cid: CID; bytes: Uint8Array | AsyncIterable<Uint8Array> }> | Iterable<Block>

export class DiskBlocks extends LevelBlockstore {
  readonly #level: Level
  readonly #now: () => number
  readonly #maxBytes: number
  readonly #mutex = new Mutex()
  #usage: Usage

  private constructor(level: Level, now: () => number, maxBytes: number, usage: Usage) {
    super(level.db)
    this.#level = level
    this.#now = now
    this.#maxBytes = maxBytes
    this.#usage = usage
  }

  static async open(level: Level, { now, maxBytes }: { now: () => number; maxBytes: number }): Promise<DiskBlocks> {
    const counters = await level.get(USAGE)
    const usage = counters === undefined ? { blocks: 0, bytes: 0 } : { blocks: u53(counters, 0), bytes: u53(counters, 8) }
    return new DiskBlocks(level, now, maxBytes, usage)
  }

  usage(): Usage {
    return { ...this.#usage }
  }

  override async put(cid: CID, bytes: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<CID> {
    await this.#putAll([{ cid, bytes: await whole(bytes) }])
    return cid
  }

  override async *putMany(source: Source): AsyncGenerator<CID> {
    let portion: Block[] = []
    let bytes = 0
    for await (const one of source) {
      const block = { cid: one.cid, bytes: await whole(one.bytes) }
      portion.push(block)
      bytes += block.bytes.byteLength
      if (bytes < PORTION_BYTES && portion.length < PORTION_BLOCKS) continue
      await this.#putAll(portion)
      for (const { cid } of portion) yield cid
      portion = []
      bytes = 0
    }
    await this.#putAll(portion)
    for (const { cid } of portion) yield cid
  }

  /** Unchecked: `Space.put` and the network side verify. Throws FatalError QUOTA_FULL, DISK_FULL. */
  #putAll(blocks: Block[]): Promise<void> {
    return this.#mutex.run(async () => {
      const writes = new Map<string, Write>()
      const now = this.#now()
      const usage = { ...this.#usage }
      for (const { cid, bytes } of blocks) {
        const name = nameOf(cid)
        if (writes.has(`#${name}`)) continue
        writes.set(`#${name}`, { type: 'put', key: `#${name}`, value: u53s(bytes.byteLength, now) })
        if (this.#level.peek(`#${name}`) !== undefined) continue
        writes.set(`/${name}`, { type: 'put', key: `/${name}`, value: bytes })
        usage.blocks++
        usage.bytes += bytes.byteLength
      }
      if (usage.bytes > this.#maxBytes)
        throw new FatalError('QUOTA_FULL', `the quota of ${this.#maxBytes} bytes is used up; raise it, or unpin what is no longer owed`, {
          detail: { bytes: usage.bytes, maxBytes: this.#maxBytes },
        })
      await this.#commit([...writes.values()], usage)
    })
  }

  async #commit(writes: Write[], usage: Usage): Promise<void> {
    if (writes.length === 0) return
    await this.#level.write([...writes, { type: 'put', key: USAGE, value: u53s(usage.blocks, usage.bytes) }])
    this.#usage = usage
  }

  /** The block, or undefined: never asks a network. */
  read(cid: CID): Promise<Uint8Array | undefined> {
    return this.#level.get(`/${nameOf(cid)}`)
  }

  override has(cid: CID): Promise<boolean> {
    return Promise.resolve(this.#level.peek(`#${nameOf(cid)}`) !== undefined)
  }

  override async delete(cid: CID): Promise<void> {
    await this.drop([cid])
  }

  override async *getAll(): AsyncGenerator<{ cid: CID; bytes: AsyncGenerator<Uint8Array> }> {
    for await (const [key, value] of this.#level.db.iterator({ gte: '/', lt: '0' })) {
      async function* bytes(): AsyncGenerator<Uint8Array> {
        yield value
      }
      yield { cid: cidOf(key.slice(1)), bytes: bytes() }
    }
  }

  /** Blocks last put at `before` or earlier, named with the raw codec: the store does not know theirs. */
  async *putBefore(before: number): AsyncGenerator<CID> {
    for await (const [key, value] of this.#level.db.iterator({ gte: '#', lt: '$' })) if (u53(value, 8) <= before) yield cidOf(key.slice(1))
  }

  /** Deletes those of the blocks that nobody put again after `before`; gives the bytes that went. */
  drop(cids: CID[], before: number = Number.MAX_SAFE_INTEGER): Promise<number> {
    return this.#mutex.run(async () => {
      const writes: Write[] = []
      const usage = { ...this.#usage }
      for (const name of new Set(cids.map(nameOf))) {
        const facts = this.#level.peek(`#${name}`)
        if (facts === undefined || u53(facts, 8) > before) continue
        writes.push({ type: 'del', key: `#${name}` }, { type: 'del', key: `/${name}` })
        usage.blocks--
        usage.bytes -= u53(facts, 0)
      }
      const freed = this.#usage.bytes - usage.bytes
      await this.#commit(writes, usage)
      return freed
    })
  }
}

const nameOf = (cid: CID): string => base32upper.encoder.encode(cid.multihash.bytes)
const cidOf = (name: string): CID => CID.createV1(RAW, Digest.decode(base32upper.decoder.decode(name)))

async function whole(bytes: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Uint8Array> {
  return bytes instanceof Uint8Array ? bytes : toBuffer(await Array.fromAsync(bytes))
}

/** Two integers below 2^53, eight bytes each. */
function u53s(a: number, b: number): Uint8Array {
  const out = new DataView(new ArrayBuffer(16))
  out.setBigUint64(0, BigInt(a))
  out.setBigUint64(8, BigInt(b))
  return new Uint8Array(out.buffer)
}
const u53 = (bytes: Uint8Array, at: number): number => Number(new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0))
