/** What the sequencer must never forget: the last tree it signed. Written after the tiles and before the signature leaves. */
import { z } from 'zod'
import type { Kv } from '../../core/effects/index.ts'
import { bytesOf, encode, parse, uint } from '../../schemas/wire/index.ts'
import { MAX_NOTE_BYTES } from '../log/index.ts'

const treeRecord = z.strictObject({ v: z.literal(1), size: uint, root: bytesOf(32), note: z.string().max(MAX_NOTE_BYTES) })

/** A tree that this sequencer signed. */
export interface SignedTree {
  size: number
  root: Uint8Array
  /** The checkpoint with the log's signature alone. */
  note: string
}

const keyOf = (origin: string): string => `sequencer/${origin}`

export async function readTree(kv: Kv, origin: string): Promise<SignedTree | undefined> {
  const bytes = await kv.get(keyOf(origin))
  return bytes && parse(treeRecord, bytes)
}

export function writeTree(kv: Kv, origin: string, { size, root, note }: SignedTree): Promise<void> {
  return kv.put(keyOf(origin), encode({ v: 1, size, root, note }))
}
