/** The mail that may go beside an export as evidence of whose it is: checked on this machine, shown for what it is, and asked about by itself. */
import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { txtResolver } from '../../core/web/index.ts'
import { checkExportMail, pinnedKeys } from '../../dao/export-mail/index.ts'
import { MAX_EXPORT_MAIL_BYTES } from '../../schemas/export-mail/index.ts'
import { exportMailTermsOf, type PoolTerms } from '../../schemas/wire/index.ts'
import { type Flags, printable, type Prompter, readAtMost } from '../program/index.ts'

/** From an offer to the reveal after which testers look, also where it moves on to another epoch. */
const TESTED_SECONDS = 2 * 86_400

export interface OfferedMail {
  bytes: Uint8Array
  /** Whom it was sent to. */
  address: string
}

export interface MailFacts {
  terms: PoolTerms
  /** Whether the pool has a key that accounts are known by. */
  hasKey: boolean
  /** Service of the export. */
  source: string
  /** Unix seconds. */
  now: number
  signal: AbortSignal
}

/** Of `--proof`; undefined without it. Throws RefusedError NO_MAILS, UsageError MAIL_NOT_AGREED, InvalidInputError with what is wrong with the mail. */
export async function mailOf(flags: Flags, { terms, hasKey, source, now, signal }: MailFacts): Promise<OfferedMail | undefined> {
  const file = flags['proof']
  if (typeof file !== 'string') return undefined
  if (flags['yes'] === true && flags['showMail'] !== true)
    throw new UsageError(
      'MAIL_NOT_AGREED',
      '--yes agrees to nothing by itself: --show-mail says that testers may read the whole mail; without that leave --proof out',
    )
  const mails = exportMailTermsOf(terms)
  if (mails === undefined || !hasKey) throw new RefusedError('NO_MAILS', 'this pool takes no mails as evidence; offer without --proof')
  // what is a little too large is read, to be told so with what to do
  const bytes = await readAtMost(file, 16 * MAX_EXPORT_MAIL_BYTES)
  const lookup = pinnedKeys(mails, txtResolver())
  const verdict = await checkExportMail({ bytes, source, terms: mails, at: now, until: now + TESTED_SECONDS }, lookup, signal)
  if (!verdict.ok) throw new InvalidInputError(verdict.code, `${file}: ${verdict.message}`)
  return { bytes, address: verdict.address }
}

/** What the mail comes to, in the owner's words; nobody else sees the address here. */
export function mailText({ address }: OfferedMail, terms: PoolTerms): string {
  const part = (ppm: number): string => `${ppm / 10_000} %`
  return printable(
    [
      '## The mail',
      '',
      `It was sent to ${address}, and its service signed it. Whoever is drawn to test your data would read all of it, with that address: what you offer`,
      'is then no pseudonym to them. It is sealed like your data, given to testers alone, never to a trainer, and deleted with a withdrawal.',
      'In public stands a token of the account, from which nobody works out the address; who joined this pool and guesses the address right can',
      'ask its keyholders for the same token, and so see that this account is here.',
      `It is your choice, and evidence, no proof: where most testers find it good your data counts ${part(exportMailTermsOf(terms)?.attestedPpm ?? 0)}, without it ${part(terms.unattestedPpm)}.`,
      '',
    ].join('\n'),
  )
}

/** By itself, and not made beforehand. With `--yes` the flag says it, else a person; whoever says no offers without. */
export async function askMail(flags: Flags, prompter: Prompter | undefined): Promise<boolean> {
  if (flags['yes'] === true) return flags['showMail'] === true
  return (
    prompter !== undefined &&
    (await prompter.yes(
      'I agree to whoever tests my data reading this whole mail, with my address (your choice; no purpose depends on it).',
    ))
  )
}
