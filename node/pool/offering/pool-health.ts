/** What a contributor learns of its contribution from its keyholders: who holds a share, and who read what, when and for what. */
import type { Clock } from '../../../core/effects/index.ts'
import { codeOf } from '../../../core/errors/index.ts'
import type { Signer } from '../../../core/identity/index.ts'
import type { Mesh } from '../../../core/mesh/index.ts'
import { custodyHealth, type CustodyHealth } from '../../../dao/ledger/index.ts'
import { type AccessLine, sha256, encode, equalBytes, mailChunkOf } from '../../../schemas/wire/index.ts'
import { readAccessLog } from '../seal/index.ts'
import type { PoolBook, PoolNote } from './pool-book.ts'

/** One question for keys, as its keyholders wrote it down. */
export interface Access extends Pick<AccessLine, 'at' | 'by' | 'role' | 'purpose' | 'epoch' | 'trainer' | 'outcome'> {
  /** Chunks of events. */
  chunks: number
  /** And the mail beside them. */
  mail: boolean
  /** How many keyholders say so; keys come together only where k of them answered. */
  seenBy: number
}

export interface PoolHealth {
  health: CustodyHealth
  /** Keyholders that say that they hold their share. */
  live: number
  of: number
  /** Keyholders that gave their log, also of a share that is gone, of so many that hold one or did before a change of committee. */
  told: number
  asked: number
  /** Newest last; null where no keyholder told. */
  accesses: Access[] | null
  /** By keyholder: why it gave no log. ACCESS_LOG_CUT: what it gives now is not a continuation of what it signed before; ACCESS_LOG_LONG: there are more lines than were read. */
  faults: Record<string, string>
}

export interface AskHealth {
  mesh: Mesh
  clock: Clock
  subject: Signer
  book: PoolBook
  note: PoolNote
  /** See ReadAccess. */
  most?: number
}

/** Two keyholders hear one question at slightly different times, seconds. */
const TOGETHER = 120

export async function askHealth({ mesh, clock, subject, book, note, most }: AskHealth): Promise<PoolHealth> {
  const { k, members } = note.committee
  const asked = [...members, ...note.former]
  const faults: Record<string, string> = {}
  const accesses: (Access & { who: Set<string> })[] = []
  const mailChunk = mailChunkOf(note.manifest)
  const heads = new Map(note.heads.map((one) => [one.by, one]))
  let [live, told] = [0, 0]
  await Promise.all(
    asked.map(async (keyholder) => {
      try {
        const { lines, head, read } = await readAccessLog({
          mesh,
          clock,
          subject,
          keyholder,
          dao: note.manifest.dao,
          manifest: note.cid,
          ...(most !== undefined && { most }),
        })
        told++
        if (head.held && members.includes(keyholder)) live++
        const before = heads.get(keyholder)
        if (before !== undefined && !continues(lines, before)) faults[keyholder] = 'ACCESS_LOG_CUT'
        else heads.set(keyholder, { by: keyholder, ...read })
        // somebody may have asked in vain so often that whoever read it comes after the last line that is looked at
        if (read.lines < head.lines) faults[keyholder] ??= 'ACCESS_LOG_LONG'
        for (const line of lines) tally(accesses, { line, keyholder, mailChunk })
      } catch (error) {
        faults[keyholder] = refusalOf(error)
      }
    }),
  )
  await book.update(note, { heads: [...heads.values()] })
  const seen = accesses.toSorted((a, b) => a.at - b.at).map(({ who, ...access }) => ({ ...access, seenBy: who.size }))
  return {
    health: custodyHealth({ k, live }),
    live,
    of: members.length,
    told,
    asked: asked.length,
    accesses: told === 0 ? null : seen,
    faults,
  }
}

/** Whether the log still holds, at its place, the line that was the last when we looked before. */
function continues(lines: readonly AccessLine[], { lines: count, head }: PoolNote['heads'][number]): boolean {
  if (count === 0) return true
  const last = lines[count - 1]
  return last !== undefined && equalBytes(sha256(encode(last)), head)
}

function tally(
  accesses: (Access & { who: Set<string> })[],
  { line, keyholder, mailChunk }: { line: AccessLine; keyholder: string; mailChunk: number | undefined },
): void {
  const { at, by, role, purpose, epoch, trainer, outcome, indices } = line
  const mail = mailChunk !== undefined && indices.includes(mailChunk)
  const chunks = indices.length - (mail ? 1 : 0)
  const same = accesses.find(
    (one) =>
      one.by === by &&
      one.role === role &&
      one.purpose === purpose &&
      one.epoch === epoch &&
      one.trainer === trainer &&
      one.outcome === outcome &&
      one.chunks === chunks &&
      one.mail === mail &&
      Math.abs(one.at - at) <= TOGETHER &&
      !one.who.has(keyholder),
  )
  if (same === undefined)
    accesses.push({ at, by, role, purpose, epoch, trainer, outcome, chunks, mail, seenBy: 1, who: new Set([keyholder]) })
  else same.who.add(keyholder)
}

const refusalOf = (error: unknown): string => {
  const detail = (error as { detail?: { code?: unknown } }).detail?.code
  return typeof detail === 'string' ? detail : codeOf(error)
}
