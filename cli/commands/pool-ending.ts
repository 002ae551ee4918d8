/** What a withdrawal ends: which contributions, wholly or for some purposes, and what a person says to that. */
import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { readPolicy, requiredPurposes } from '../../dao/consent/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { PoolBook, PoolNote } from '../../node/pool/offering/index.ts'
import type { Purpose } from '../../schemas/wire/index.ts'
import { type Flags, type Prompter, say } from '../program/index.ts'
import type { SubjectHome } from '../wiring/index.ts'

/** What is to end: whole contributions, or purposes of one. */
export type Ending = { notes: PoolNote[]; purposes: 'all' | Purpose[] }

export interface Asking {
  files: Pick<SubjectHome['files'], 'read'>
  flags: Flags
  /** Undefined where nobody is there to be asked. */
  prompter: Prompter | undefined
}

type HasEnded = (note: PoolNote) => boolean

const namedIn = ({ purpose }: Flags): string[] => (Array.isArray(purpose) ? (purpose as string[]) : [])

/**
 * One by its CID, all of them, or the only one there is; what lost purposes that the DAO does not know of yet is one too. Throws UsageError BAD_FLAG,
 * UNKNOWN_CONTRIBUTION, WHICH; RefusedError NOTHING_OFFERED.
 */
export function chosenOf(book: Pick<PoolBook, 'all'>, which: string | undefined, flags: Flags, hasEnded: HasEnded): PoolNote[] {
  const narrows = namedIn(flags).length > 0
  const open = book.all.filter((one) => {
    if (!hasEnded(one)) return true
    return !narrows && (one.shredded.length + one.noted.length < one.committee.members.length || !one.logged)
  })
  if (flags['all'] === true) {
    if (narrows) throw new UsageError('BAD_FLAG', '--all ends everything, whatever it is for: leave out --purpose')
    if (open.length === 0) throw new RefusedError('NOTHING_OFFERED', 'nothing that was offered is left to be withdrawn')
    return open
  }
  if (which !== undefined) {
    const found = book.all.filter(({ cid }) => cid.toString() === which)
    if (found.length === 0)
      throw new UsageError('UNKNOWN_CONTRIBUTION', `${which} was not offered from this home; "quern pool status" lists what was`)
    if (narrows && found.some(hasEnded)) throw new RefusedError('NOTHING_OFFERED', `${which} was withdrawn as a whole`)
    return found
  }
  if (open.length === 1) return open
  if (open.length === 0) throw new RefusedError('NOTHING_OFFERED', 'nothing that was offered is left to be withdrawn')
  throw new UsageError('WHICH', `${open.length} contributions are here: name one, or give --all`)
}

/**
 * One question, however many it ends: fewer than consent took. Who says no to it is asked of each optional purpose of a single one, as consent was.
 * Throws UsageError UNATTENDED; RefusedError NOT_AGREED; InvalidInputError PURPOSE_NOT_GIVEN, RECEIPT_LOST, POLICY_MISSING.
 */
export async function askEnding(notes: PoolNote[], { files, flags, prompter }: Asking): Promise<Ending> {
  const { hasEnded, purposesLeft } = await openPoolOffering()
  const named = namedIn(flags)
  const [only] = notes
  if (named.length > 0 && only !== undefined) return await narrowed(only, named, { files, flags, prompter })
  if (flags['yes'] === true || notes.every(hasEnded)) return { notes, purposes: 'all' }
  const asked = attended(prompter)
  if (await asked.yes(`Withdraw ${notes.length === 1 ? 'this contribution' : `${notes.length} contributions`} for good?`))
    return { notes, purposes: 'all' }
  const ticked: Purpose[] = []
  if (notes.length === 1 && only !== undefined && only.receipts.length > 0) {
    const needed = needs(only, files)
    for (const purpose of purposesLeft(only).filter((one) => !needed.includes(one)))
      if (await asked.yes(`Or only for ${purpose}, and leave it in the pool for the rest?`)) ticked.push(purpose)
  }
  if (ticked.length === 0) throw new RefusedError('NOT_AGREED', 'nothing was withdrawn')
  return { notes, purposes: ticked }
}

/** What `--purpose` comes to: one that the pool cannot do without takes away the whole, which is said, and asked. */
async function narrowed(note: PoolNote, named: readonly string[], { files, flags, prompter }: Asking): Promise<Ending> {
  const { purposesGiven } = await openPoolOffering()
  if (note.receipts.length === 0)
    throw new InvalidInputError(
      'RECEIPT_LOST',
      'which purposes you agreed to was lost with the home you offered from; withdraw the whole without --purpose',
    )
  const known = purposesGiven(note)
  const unknown = named.filter((one) => !known.some((purpose) => purpose === one))
  if (unknown.length > 0)
    throw new InvalidInputError('PURPOSE_NOT_GIVEN', `${unknown.join(', ')}: you did not agree to it; you agreed to ${known.join(', ')}`)
  const purposes = known.filter((one) => named.includes(one))
  const needed = purposes.filter((one) => needs(note, files).includes(one))
  const ends = needed.length > 0
  if (ends) say(`the pool cannot do without ${needed.join(', ')}: the whole contribution ends`)
  if (flags['yes'] !== true) {
    const question = ends ? 'Withdraw this contribution for good?' : `Withdraw it for ${purposes.join(', ')}?`
    if (!(await attended(prompter).yes(question))) throw new RefusedError('NOT_AGREED', 'nothing was withdrawn')
  }
  return { notes: [note], purposes: ends ? 'all' : purposes }
}

function attended(prompter: Prompter | undefined): Prompter {
  if (prompter !== undefined) return prompter
  throw new UsageError('UNATTENDED', 'nobody is at a terminal to be asked; give --yes')
}

/** By the policy that was agreed to, which this home keeps: the DAO is not asked. */
function needs({ manifest }: PoolNote, files: Asking['files']): Purpose[] {
  const bytes = files.read(manifest.policy)
  const read = bytes && readPolicy(bytes)
  if (read?.ok === true) return requiredPurposes(read.policy)
  throw new InvalidInputError(
    'POLICY_MISSING',
    'the policy that was agreed to is gone from this home; withdraw the whole without --purpose',
  )
}
