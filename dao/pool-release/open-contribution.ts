/** Opens a whole contribution for an assembler: keys in rounds, chunks in batches, and nothing kept but the keys. */
import type { Clock } from '../../core/effects/index.ts'
import { RejectedMessageError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { type ActivityEvent, readEvents } from '../../schemas/activity/index.ts'
import { type CID, MAX_INDICES, matchesCid, type PoolManifest, type Purpose } from '../../schemas/wire/index.ts'
import { type AgeIdentity, askForKeys, openChunk } from '../custody/index.ts'
import type { HolderTurns } from './holder-turns.ts'

export interface Opening {
  mesh: Pick<Mesh, 'ask'>
  clock: Clock
  signer: Signer
  committee: { k: number; members: readonly string[] }
  order: Uint8Array
  purpose: Purpose
  epoch: number
  /** Peer id of the DAO, which carries the question to owners whose contribution asks for them. */
  ownerVia?: string
  /** Of one release. */
  turns: HolderTurns
  /** What keyholders seal their answers to, in this release. */
  replyTo: AgeIdentity
  signal?: AbortSignal
}

const KEY_BYTES = 32

/** Keys of all chunks, in memory: 32 bytes for each, one after the other. */
export interface Keys {
  context: Uint8Array
  keys: Uint8Array
  /** When the consent ends by itself, Unix seconds, as keyholders said; null where they did not. */
  expires: number | null
}

/**
 * Asks k keyholders for every chunk's key, 64 at a time, by their turns. Throws what `askForKeys` throws.
 */
export async function keysOf(manifest: PoolManifest, { turns, ...opening }: Opening): Promise<Keys> {
  const keys = new Uint8Array(manifest.chunks.length * KEY_BYTES)
  let context: Uint8Array = new Uint8Array()
  let expires: number | null = null
  const seats = turns.next(opening.committee.members)
  for (let from = 0; from < manifest.chunks.length; from += MAX_INDICES) {
    const indices = manifest.chunks.slice(from, from + MAX_INDICES).map((_, i) => from + i)
    const opened = await askForKeys({ ...opening, seats, manifest, indices, role: 'assembler' })
    turns.heard(opened.faults)
    context = opened.context
    if (opened.expires !== null) expires = Math.min(opened.expires, expires ?? opened.expires)
    for (const [i, key] of opened.keys.entries()) keys.set(key, (from + i) * KEY_BYTES)
  }
  return { context, keys, expires }
}

/** Sealed chunks of one contribution, asked for together. */
export interface ChunkBatch {
  manifest: PoolManifest
  /** Index of the first. */
  from: number
  cids: CID[]
}

/** Of at most a MiB each: what of them is in memory at once. */
const CHUNKS_AT_ONCE = 16

export function batchesOf(manifest: PoolManifest): ChunkBatch[] {
  const count = Math.ceil(manifest.chunks.length / CHUNKS_AT_ONCE)
  return Array.from({ length: count }, (_, i) => {
    const from = i * CHUNKS_AT_ONCE
    return { manifest, from, cids: manifest.chunks.slice(from, from + CHUNKS_AT_ONCE) }
  })
}

/** The sealed chunks with these names, in order, undefined where nobody has one. */
export type ReadChunks = (cids: readonly CID[], signal?: AbortSignal) => Promise<(Uint8Array | undefined)[]>

/** The sealed chunks of a batch. Throws RejectedMessageError CHUNK_MISSING, and what `read` throws. */
export async function readBatch({ from, cids }: ChunkBatch, read: ReadChunks, signal?: AbortSignal): Promise<Uint8Array[]> {
  const blocks = await read(cids, signal)
  return cids.map((cid, i) => {
    const sealed = blocks[i]
    // whoever kept it may have kept something else
    if (sealed === undefined || !matchesCid(cid, sealed))
      throw new RejectedMessageError('CHUNK_MISSING', `chunk ${from + i} is nowhere to be had`, { detail: { chunk: from + i } })
    return sealed
  })
}

/** Events of each of its chunks, in order. Throws RejectedMessageError CHUNK_UNREADABLE or BAD_EVENT. */
export function* eventsOf({ from }: ChunkBatch, sealed: readonly Uint8Array[], { context, keys }: Keys): Generator<ActivityEvent[]> {
  for (const [at, bytes] of sealed.entries()) {
    const i = from + at
    const text = new TextDecoder().decode(openChunk(bytes, keys.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES), context, i))
    const events = readEvents(text)
    if (!events.ok) throw new RejectedMessageError('BAD_EVENT', `chunk ${i} holds a line that is no event`, { detail: { chunk: i } })
    yield events.events
  }
}
