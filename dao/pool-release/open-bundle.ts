/** What a trainer does with an age file: opens it, holds it against its own manifest, and only then calls it a release. */
import { gunzipSync } from 'node:zlib'
import { ProofError, RejectedMessageError } from '../../core/errors/index.ts'
import { z } from 'zod'
import {
  compareBytes,
  did,
  equalBytes,
  fromHex,
  merkleLeafHash,
  merkleRootOfHashes,
  merkleTreeHash,
  rawCid,
  sha256,
  utf8,
} from '../../schemas/wire/index.ts'
import { openStream } from '../custody/index.ts'
import { FILES, MAX_BUNDLE_FILE_BYTES } from './bundle.ts'
import { type NamedRelease, readPoolRelease } from './manifest.ts'
import type { Member } from './notices.ts'
import { type PoolRow, poolRow } from './row.ts'
import { untar } from './tar.ts'

export interface OpenedBundle {
  release: NamedRelease
  members: Member[]
  rows: number
  files: string[]
}

export interface OpenBundle {
  /** The age file. */
  pieces: AsyncIterable<Uint8Array>
  /** `AGE-SECRET-KEY-PQ-1…` */
  identity: string
  /** Takes each file as it comes, before anything is proven: into a place that is thrown away if this throws. */
  write: (name: string, bytes: Uint8Array) => Promise<void>
  /** Hears of every row. */
  onRow?: (row: PoolRow) => void
}

/**
 * Throws RejectedMessageError AGE_UNREADABLE (another key), BAD_BUNDLE, BAD_ROW or TOO_LARGE, and ProofError OTHER_ROWS, OTHER_FILE or
 * BAD_MANIFEST where the files are not those that the signed manifest speaks of.
 */
export async function openBundle({ pieces, identity, write, onRow }: OpenBundle): Promise<OpenedBundle> {
  const kept = new Map<string, Uint8Array>()
  const files: string[] = []
  const rowHashes: Uint8Array[] = []
  for await (const { name, bytes } of untar(openStream(pieces, [identity]), MAX_BUNDLE_FILE_BYTES)) {
    if (files.includes(name)) throw new RejectedMessageError('BAD_BUNDLE', `${name} comes twice`)
    files.push(name)
    if (name.startsWith('data/'))
      for (const line of linesOf(bytes)) {
        rowHashes.push(merkleLeafHash(utf8(line)))
        onRow?.(rowOf(line))
      }
    else kept.set(name, bytes)
    await write(name, bytes)
  }
  const file = (name: string): Uint8Array => {
    const bytes = kept.get(name)
    if (bytes === undefined) throw new RejectedMessageError('BAD_BUNDLE', `${name} is missing`)
    return bytes
  }
  const release = readPoolRelease(file(FILES.manifest))
  if (!release.ok) throw new ProofError('BAD_MANIFEST', `the bundle's manifest: ${release.message}`, { detail: { code: release.code } })
  const { value } = release
  const members = readMembers(file(FILES.members))
  const receipts = merkleTreeHash(members.flatMap((one) => one.receipts).toSorted(compareBytes))
  if (!equalBytes(merkleRootOfHashes(rowHashes), value.rows)) throw new ProofError('OTHER_ROWS', 'the rows are not those of the manifest')
  if (
    !rawCid(file(FILES.licence)).equals(value.licence) ||
    !rawCid(file(FILES.aiAct)).equals(value.aiAct) ||
    !equalBytes(receipts, value.receipts) ||
    !equalBytes(sha256(file(FILES.members)), value.members)
  )
    throw new ProofError('OTHER_FILE', 'licence, summary or members are not those of the manifest')
  return { release, members, rows: rowHashes.length, files }
}

const memberLine = z.strictObject({
  person: z.string().regex(/^p[0-9a-f]{16}$/),
  subject: did,
  receipts: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(64),
})

/** `members.jsonl`. Throws RejectedMessageError BAD_BUNDLE. */
export function readMembers(bytes: Uint8Array): Member[] {
  if (bytes.byteLength > MAX_BUNDLE_FILE_BYTES) throw new RejectedMessageError('TOO_LARGE', 'members.jsonl is too large')
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const parsed = memberLine.safeParse(json(line))
      if (!parsed.success) throw new RejectedMessageError('BAD_BUNDLE', 'a line of members.jsonl is no member')
      return { ...parsed.data, receipts: parsed.data.receipts.map(fromHex) }
    })
}

/** Lines of one file of the data. Throws RejectedMessageError BAD_BUNDLE. */
export function linesOf(packed: Uint8Array): string[] {
  try {
    const text = gunzipSync(packed, { maxOutputLength: MAX_BUNDLE_FILE_BYTES }).toString('utf8')
    return text.split('\n').slice(0, -1)
  } catch (cause) {
    throw new RejectedMessageError('BAD_BUNDLE', 'a file of the data does not unpack', { cause })
  }
}

/** Throws RejectedMessageError BAD_ROW. */
export function rowOf(line: string): PoolRow {
  const parsed = poolRow.safeParse(json(line))
  if (!parsed.success) throw new RejectedMessageError('BAD_ROW', `a line is no row: ${parsed.error.issues[0]?.path.join('.') ?? ''}`)
  return parsed.data
}

function json(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
