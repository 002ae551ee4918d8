/** The consent screen: everything the DAO says before anything is asked, one tick for each purpose, none made beforehand. */
import { RefusedError, UsageError } from '../../core/errors/index.ts'
import { aggregatorsOf } from '../../dao/pool-statistics/index.ts'
import type { PreparedOffer } from '../../node/pool/offering/index.ts'
import type { ConsentPolicy } from '../../schemas/wire/index.ts'
import { type Flags, printable, type Prompter, table } from '../program/index.ts'

/** The notice as it is hashed, then what it comes to for this export. */
export function consentText(
  policy: ConsentPolicy,
  notice: Uint8Array,
  offer: PreparedOffer,
  { days, veto = false }: { days: number; veto?: boolean },
): string {
  const { k, members } = policy.committee
  const types = Object.entries(offer.types).map(([type, count]) => `${count} ${type}`)
  return printable(
    [
      new TextDecoder().decode(notice),
      '## What you would offer',
      '',
      table(
        [
          ['export', `${offer.source} (parser ${offer.parser})`],
          ['events', `${offer.lines.length} (${types.join(', ')}); ${offer.dropped} dropped on this machine`],
          ['kinds of data', offer.categories.join(', ')],
          ['months', `${offer.from} to ${offer.to}`],
          ['others', offer.othersRemoved ? 'their words are gone, their names are pseudonyms' : 'none found'],
          ['until', `${days} days from now, or until "quern pool withdraw"`],
          [
            'read by',
            `whoever the DAO draws to test a sample; any ${k} of ${members.length} keyholders together; nobody else without them`,
          ],
          ...(veto
            ? [['your veto', 'each time your own node has to answer too: it opens only while "quern pool serve" runs, and agrees']]
            : []),
          ...(aggregatorsOf(policy) === undefined
            ? []
            : [['counted by', 'three of them, from parts that tell none of them what you count; only sums with noise are published']]),
        ],
        2,
      ),
      '',
      'As it would be sealed, one of each kind (every row: "quern pool preview PATH --all" with the same --dao and options):',
      ...offer.sample.map((event) => `  ${JSON.stringify(event)}`),
      '',
    ].join('\n'),
  )
}

export interface Said {
  purposes: string[]
  adult: boolean
}

/** Whether Global Privacy Control is set where consent is asked: nothing optional can be agreed to. */
export const isGpc = (flags: Flags): boolean => flags['gpc'] === true || process.env['QUERN_GPC'] === '1'

/**
 * With `--yes` what the flags say and not a word more; else what a person says at the terminal, who is not asked what Global Privacy Control
 * (`gpc`) answers already. Throws UsageError
 * UNATTENDED, PURPOSE_MISSING, NOT_ADULT; RefusedError NOT_AGREED, NOT_ADULT, GPC.
 */
export async function askConsent(policy: ConsentPolicy, flags: Flags, prompter: Prompter | undefined, gpc = false): Promise<Said> {
  const named = Array.isArray(flags['purpose']) ? (flags['purpose'] as string[]) : []
  const adult = flags['adult'] === true
  const needed = policy.purposes.filter(({ optional }) => !optional).map(({ id }) => id)
  if (flags['yes'] === true) {
    const missing = needed.filter((id) => !named.includes(id))
    if (missing.length > 0)
      throw new UsageError(
        'PURPOSE_MISSING',
        `--yes agrees to nothing by itself: name every purpose you agree to, ${missing.map((id) => `--purpose ${id}`).join(' ')} among them`,
      )
    if (!adult) throw new UsageError('NOT_ADULT', 'only adults can offer data here; --adult says that you are one')
    return { purposes: named, adult }
  }
  if (prompter === undefined)
    throw new UsageError(
      'UNATTENDED',
      `nobody is at a terminal to be asked; give --yes, --adult and every purpose you agree to: ${policy.purposes.map(({ id }) => `--purpose ${id}`).join(' ')}`,
    )
  const purposes: string[] = []
  const sold = policy.purposes.find(({ id, optional }) => id === 'dpv:SellDataToThirdParties' && !optional)
  if (gpc && sold !== undefined)
    throw new RefusedError('GPC', `Global Privacy Control is set, and this pool takes nothing without ${sold.id}; nothing was sent`)
  for (const { id, text, optional } of policy.purposes) {
    if (gpc && optional) continue
    const how = optional ? 'your choice; nothing you earn depends on it' : 'needed'
    if (await prompter.yes(printable(`I agree to my data being used ${text} (${id}; ${how}).`))) purposes.push(id)
    else if (!optional) throw new RefusedError('NOT_AGREED', `without ${id} there is no contribution; nothing was sent`)
  }
  if (adult || (await prompter.yes('I am an adult, and this is my own data.'))) return { purposes, adult: true }
  throw new RefusedError('NOT_ADULT', 'only adults can offer data here; nothing was sent')
}
