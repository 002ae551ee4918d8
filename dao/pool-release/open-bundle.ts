/** What a trainer does with an age file: opens it, holds it against its own manifest, and only then calls it a release. */
import { gunzipSync } from 'node:zlib'
import { ProofError, RejectedMessageError } from '../../core/errors/index.ts'
import { z } from 'zod'
import { CompactRange } from '../log/index.ts'
import { equalBytes, merkleLeafHash, rawCid, sha256, utf8 } from '../../schemas/wire/index.ts'
import { openStream } from '../custody/index.ts'
import { FILES, MAX_BUNDLE_FILE_BYTES } from './bundle.ts'
import { type NamedRelease, readPoolRelease } from './manifest.ts'
import { jsonOf, type Member, readMembers } from './members.ts'
import { type PoolRow, poolRow } from './row.ts'
import { untar } from './tar.ts'

export interface OpenedBundle {
  release: NamedRelease
  /** The made-up persons among them. */
  members: Member[]
  /** As the report says, which the manifest does not bind. */
  people: number
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
  const root = new CompactRange()
  for await (const { name, bytes } of untar(openStream(pieces, [identity]), MAX_BUNDLE_FILE_BYTES)) {
    if (files.includes(name)) throw new RejectedMessageError('BAD_BUNDLE', `${name} comes twice`)
    files.push(name)
    if (name.startsWith('data/'))
      for (const line of linesOf(bytes)) {
        root.append(merkleLeafHash(utf8(line)))
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
  if (!equalBytes(root.root(), value.rows)) throw new ProofError('OTHER_ROWS', 'the rows are not those of the manifest')
  if (
    !rawCid(file(FILES.licence)).equals(value.licence) ||
    !rawCid(file(FILES.aiAct)).equals(value.aiAct) ||
    !equalBytes(sha256(file(FILES.members)), value.members)
  )
    throw new ProofError('OTHER_FILE', 'licence, summary or members are not those of the manifest')
  return { release, members, people: peopleIn(file(FILES.report)), rows: root.size, files }
}

const counted = z.object({ people: z.int().nonnegative() })

function peopleIn(report: Uint8Array): number {
  const parsed = counted.safeParse(jsonOf(new TextDecoder().decode(report)))
  if (!parsed.success) throw new RejectedMessageError('BAD_BUNDLE', `${FILES.report} counts nobody`)
  return parsed.data.people
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
  const parsed = poolRow.safeParse(jsonOf(line))
  if (!parsed.success) throw new RejectedMessageError('BAD_ROW', `a line is no row: ${parsed.error.issues[0]?.path.join('.') ?? ''}`)
  return parsed.data
}
