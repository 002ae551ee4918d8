/** Opens a whole contribution for an assembler: keys in rounds, chunks one after the other, and nothing kept but the keys. */
import type { Clock } from '../../core/effects/index.ts'
import { RejectedMessageError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { type ActivityEvent, readEvents } from '../../schemas/activity/index.ts'
import { type CID, MAX_INDICES, matchesCid, type PoolManifest, type Purpose } from '../../schemas/wire/index.ts'
import { askForKeys, openChunk } from '../custody/index.ts'

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

/** Asks k keyholders for every chunk's key, 64 at a time. Throws what `askForKeys` throws. */
export async function keysOf(manifest: PoolManifest, opening: Opening): Promise<Keys> {
  const keys = new Uint8Array(manifest.chunks.length * KEY_BYTES)
  let context: Uint8Array = new Uint8Array()
  let expires: number | null = null
  for (let from = 0; from < manifest.chunks.length; from += MAX_INDICES) {
    const indices = manifest.chunks.slice(from, from + MAX_INDICES).map((_, i) => from + i)
    const opened = await askForKeys({ ...opening, manifest, indices, role: 'assembler' })
    context = opened.context
    if (opened.expires !== null) expires = Math.min(opened.expires, expires ?? opened.expires)
    for (const [i, key] of opened.keys.entries()) keys.set(key, (from + i) * KEY_BYTES)
  }
  return { context, keys, expires }
}

/** The sealed chunk with this name, or undefined where nobody has it. */
export type ReadChunk = (cid: CID) => Promise<Uint8Array | undefined>

/** Events of each chunk, in order. Throws RejectedMessageError CHUNK_MISSING, CHUNK_UNREADABLE or BAD_EVENT. */
export async function* eventsOf(manifest: PoolManifest, { context, keys }: Keys, read: ReadChunk): AsyncGenerator<ActivityEvent[]> {
  for (const [i, cid] of manifest.chunks.entries()) {
    const sealed = await read(cid)
    // whoever kept it may have kept something else
    if (sealed === undefined || !matchesCid(cid, sealed))
      throw new RejectedMessageError('CHUNK_MISSING', `chunk ${i} is nowhere to be had`, { detail: { chunk: i } })
    const text = new TextDecoder().decode(openChunk(sealed, keys.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES), context, i))
    const events = readEvents(text)
    if (!events.ok) throw new RejectedMessageError('BAD_EVENT', `chunk ${i} holds a line that is no event`, { detail: { chunk: i } })
    yield events.events
  }
}
