/** The list that a trainer gets: names of persons in the rows, each with a commitment in place of an account, opened when that account withdraws. */
import { z } from 'zod'
import { RejectedMessageError } from '../../core/errors/index.ts'
import { canonicalJson, fromHex, type PoolReleaseSecret, toHex, utf8 } from '../../schemas/wire/index.ts'
import { leafSalt, memberCommit, memberTag, strayTag } from './derive.ts'

/** `members.jsonl` has no more bytes than this. */
const MAX_MEMBERS_BYTES = 64 << 20

/** A person of a release, as its trainer knows it. */
export interface Member {
  person: string
  /** `memberCommit` of the tag that is published when it withdraws; of made-up persons, of a tag that nobody publishes. */
  commit: Uint8Array
}

/** Lines of `members.jsonl`, by name: people as they are kept, and `madeUp` persons among them, so that no list tells which rows are canaries. */
export function memberLines({ secret, members }: Pick<PoolReleaseSecret, 'secret' | 'members'>, madeUp: Iterable<string>): Uint8Array {
  const lines = [
    ...members.map(({ person, manifest }) => lineOf({ person, commit: memberCommit(memberTag(leafSalt(secret, manifest))) })),
    ...[...madeUp].map((person) => lineOf({ person, commit: memberCommit(strayTag(secret, person)) })),
  ]
  return utf8(lines.toSorted().join(''))
}

// canonical JSON begins with the commitment: in order of bytes the lines are in none that says anything
const lineOf = ({ person, commit }: Member): string => `${canonicalJson({ person, commit: toHex(commit) })}\n`

const hex32 = z.string().regex(/^[0-9a-f]{64}$/)
const memberLine = z.strictObject({ person: z.string().regex(/^p[0-9a-f]{16}$/), commit: hex32 })

/** `members.jsonl`. Throws RejectedMessageError BAD_BUNDLE or TOO_LARGE. */
export function readMembers(bytes: Uint8Array): Member[] {
  if (bytes.byteLength > MAX_MEMBERS_BYTES) throw new RejectedMessageError('TOO_LARGE', 'members.jsonl is too large')
  const lines = new TextDecoder().decode(bytes).split('\n')
  return lines.flatMap((line) => {
    if (line === '') return []
    const parsed = memberLine.safeParse(jsonOf(line))
    if (!parsed.success) throw new RejectedMessageError('BAD_BUNDLE', 'a line of members.jsonl is no member')
    const { person, commit } = parsed.data
    return [{ person, commit: fromHex(commit) }]
  })
}

/** Undefined where it is no JSON. */
export function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
