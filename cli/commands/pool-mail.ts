/** The mail that may go beside an export as evidence of whose it is: checked on this machine, shown for what it is, and asked about by itself. */
import { codeOf, InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { txtResolver } from '../../core/web/index.ts'
import { checkExportMail, pinnedKeys } from '../../dao/export-mail/index.ts'
import { type MailAccount, MAX_EXPORT_MAIL_BYTES } from '../../schemas/export-mail/index.ts'
import { BANDS_A_DAY, exportMailTermsOf, type PoolTerms, TESTS_A_DAY } from '../../schemas/wire/index.ts'
import { type Flags, printable, type Prompter, readAtMost } from '../program/index.ts'

export interface OfferedMail {
  bytes: Uint8Array
  account: MailAccount
}

export interface MailFacts {
  terms: PoolTerms
  /** Whether the pool has a key that accounts are known by. */
  hasKey: boolean
  /** Service of the export. */
  source: string
  /** Unix seconds. */
  now: number
  /** Seconds until it is revealed at the latest, after which testers look. */
  untilReveal: number
  /** Global Privacy Control is set. */
  gpc: boolean
  signal: AbortSignal
}

/**
 * Of `--mail`; undefined without it. Throws RefusedError GPC, NO_MAILS, UsageError MAIL_NOT_AGREED, BAD_FLAG, InvalidInputError with what is wrong with
 * the mail.
 */
export async function broughtMail(flags: Flags, facts: MailFacts): Promise<OfferedMail | undefined> {
  const { terms, hasKey, source, now, untilReveal, gpc, signal } = facts
  const file = flags['mail']
  if (typeof file !== 'string') {
    if (flags['showMail'] === true) throw new UsageError('BAD_FLAG', '--show-mail agrees to a mail being read; name it: --mail FILE')
    return undefined
  }
  if (gpc)
    throw new RefusedError('GPC', 'Global Privacy Control is set, and no purpose needs a mail; offer without --mail, nothing was sent')
  if (flags['yes'] === true && flags['showMail'] !== true)
    throw new UsageError(
      'MAIL_NOT_AGREED',
      '--yes agrees to nothing by itself: --show-mail says that testers may read the whole mail; without that leave --mail out',
    )
  const mails = exportMailTermsOf(terms)
  if (mails === undefined || !hasKey) throw new RefusedError('NO_MAILS', 'this pool takes no mails as evidence; offer without --mail')
  // what is a little too large is read, to be told so with what to do
  const bytes = await readAtMost(file, 16 * MAX_EXPORT_MAIL_BYTES).catch((cause: unknown) => {
    if (codeOf(cause) !== 'TOO_LARGE') throw cause
    throw new InvalidInputError('MAIL_TOO_LARGE', `${file} is far too large for a mail; give the message alone`, { cause })
  })
  const lookup = pinnedKeys(mails, txtResolver())
  const verdict = await checkExportMail({ bytes, source, terms: mails, at: now, until: now + untilReveal }, lookup, signal)
  if (!verdict.ok) throw new InvalidInputError(verdict.code, `${file}: ${verdict.message}`)
  return { bytes, account: verdict.account }
}

/** What the mail comes to, in the owner's words; nobody else sees the address here. */
export function mailText({ account: { address } }: OfferedMail, terms: PoolTerms, k: number): string {
  const part = (ppm: number): string => `${ppm / 10_000} %`
  return printable(
    [
      '## The mail',
      '',
      `It was sent to ${address}, and its service signed it. Whoever is drawn to test your data would read all of it, with that address: what you offer`,
      'is then no pseudonym to them. It is sealed like your data, given to testers alone, never to a trainer, and deleted with a withdrawal.',
      'In public stands a token of the address. Who guesses the address right can see that it is here, and under which pseudonym: accounts that joined',
      `this pool may ask its keyholders about ${BANDS_A_DAY} guesses a day, each of its validators about ${TESTS_A_DAY}. Any ${k} of its keyholders together, or`,
      'its operator if it kept the secret of the key that it dealt, may try lists of addresses by themselves, as many as they like.',
      'Whoever tests it asks the DNS for the key of its sender, where the charter does not have it, as this machine did just now.',
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
