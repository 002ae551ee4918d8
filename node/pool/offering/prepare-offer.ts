/** From an export to what is sealed: the lines, and what a consent has to name of them. Reads; keeps and sends nothing. */
import { InvalidInputError } from '../../../core/errors/index.ts'
import type { ActivityEvent, Tally } from '../../../schemas/activity/index.ts'
import { canonicalJson } from '../../../schemas/wire/index.ts'
import { type PoolOptions, readExport } from '../preview.ts'
import { categoriesOf } from './categories.ts'

/** Of all lines together: they are held in memory until they are sealed. */
const MAX_LINES_BYTES = 256 << 20

export interface PreparedOffer {
  lines: string[]
  source: string
  parser: string
  /** Sorted; what of the person the lines hold. */
  categories: string[]
  /** Months of the first and the last event. */
  from: string
  to: string
  /** Other people's words were there, and are gone. */
  othersRemoved: boolean
  dropped: number
  types: Record<string, number>
  people: number
  warnings: { code: string; message: string }[]
  /** The first of each type, as they will be sealed. */
  sample: ActivityEvent[]
}

/** Throws InvalidInputError NOTHING_TO_OFFER, TOO_MUCH, or the code of what is wrong with the export. */
export async function prepareOffer(where: string, options: PoolOptions): Promise<PreparedOffer> {
  const lines: string[] = []
  const categories = new Set<string>()
  const types: Record<string, number> = {}
  const sample: ActivityEvent[] = []
  let [bytes, from, to] = [0, '', '']
  const tally = await readExport(where, options, ({ event }) => {
    const line = canonicalJson(event)
    bytes += Buffer.byteLength(line) + 1
    if (bytes > MAX_LINES_BYTES)
      throw new InvalidInputError('TOO_MUCH', `more than ${MAX_LINES_BYTES >> 20} MiB of events; offer less of it with --rules`)
    lines.push(line)
    for (const category of categoriesOf(event)) categories.add(category)
    types[event.type] = (types[event.type] ?? 0) + 1
    if (types[event.type] === 1) sample.push(event)
    const month = event.time?.slice(0, 7)
    if (month === undefined) return
    if (from === '' || month < from) from = month
    if (month > to) to = month
  })
  if (lines.length === 0)
    throw new InvalidInputError('NOTHING_TO_OFFER', 'no event of this export is left; "quern pool preview" says what was dropped and why')
  const thisMonth = new Date(options.nowMs).toISOString().slice(0, 7)
  return {
    lines,
    source: tally.source,
    parser: tally.parser,
    categories: [...categories].toSorted(),
    from: from === '' ? thisMonth : from,
    to: to === '' ? thisMonth : to,
    othersRemoved: tally.people > 0 || others(tally) > 0,
    dropped: [...tally.dropped.values()].reduce((sum, one) => sum + one, 0),
    types,
    people: tally.people,
    warnings: [...tally.warnings].map(([code, message]) => ({ code, message })),
    sample,
  }
}

const others = ({ dropped, replaced }: Tally): number => (dropped.get('other-person') ?? 0) + (replaced.get('person') ?? 0)
