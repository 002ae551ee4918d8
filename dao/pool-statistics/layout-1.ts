/** Layout 1: the groups that every contribution is counted by, fixed when it is offered, so that it can be summed with whoever came before and after. */
import { InvalidInputError } from '../../core/errors/index.ts'
import { AGGREGATORS, type ConsentPolicy, type CountedGroup } from '../../schemas/wire/index.ts'
import { binsOf, DECILES, LANGUAGES, OTHER } from './layout.ts'

const YEARS = Array.from({ length: 30 }, (_, i) => String(2005 + i))
/** Months of the last twenty of them. */
const MONTHS = YEARS.slice(10).flatMap((year) => Array.from({ length: 12 }, (_, i) => `${year}-${String(i + 1).padStart(2, '0')}`))

/** As they were when this layout was made: what comes later counts under `other`. */
const TYPES = [
  'View',
  'Listen',
  'Search',
  'Post',
  'Comment',
  'Like',
  'Follow',
  'Message',
  'Converse',
  'Move',
  'Measure',
  'Install',
  'Purchase',
]
const SOURCES = [
  'google-takeout',
  'reddit',
  'x',
  'instagram',
  'facebook',
  'linkedin',
  'spotify',
  'netflix',
  'chatgpt',
  'whatsapp',
  'apple-health',
  'tiktok',
  'own',
]

const group = (name: string, bins: string[], perPerson: number): CountedGroup => ({ name, bins, perBin: 1, perPerson })

/** Bins hold people, and each counts once in a bin: whatever changes here is another layout. */
export const LAYOUT_1: readonly CountedGroup[] = [
  group('people', ['all'], 1),
  group('years', [...YEARS, OTHER], 6),
  group('months', [...MONTHS, OTHER], 12),
  group('languages', LANGUAGES, 3),
  group('types', [...TYPES, OTHER], 5),
  group('sources', [...SOURCES, OTHER], 2),
  group('lengths', DECILES, 4),
  group('qualities', DECILES, 4),
]

/** Each with the place of its first bin. Throws InvalidInputError BAD_GROUPS. */
export function groupsNamed(names: readonly string[]): { group: CountedGroup; from: number }[] {
  if (new Set(names).size !== names.length) throw new InvalidInputError('BAD_GROUPS', 'a group is counted once')
  return names.map((name) => {
    const at = LAYOUT_1.findIndex((one) => one.name === name)
    if (at < 0)
      throw new InvalidInputError('BAD_GROUPS', `there is no group ${name}; there are ${LAYOUT_1.map((one) => one.name).join(', ')}`)
    return { group: LAYOUT_1[at] as CountedGroup, from: binsOf(LAYOUT_1.slice(0, at)) }
  })
}

/** The three keyholders of a policy that sum: its first. Undefined where it has fewer. */
export function aggregatorsOf({ committee }: Pick<ConsentPolicy, 'committee'>): string[] | undefined {
  return committee.members.length < AGGREGATORS ? undefined : committee.members.slice(0, AGGREGATORS)
}
