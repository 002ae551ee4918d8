/** What would be offered of an export: counts, what was replaced and dropped, a sample. Reads; writes nothing and sends nothing. */
import path from 'node:path'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { ActivityEvent, Draft, PrepareOptions, Prepared, Tally } from '../../schemas/activity/index.ts'
import type { Limits } from './limits.ts'
import { openExport } from './open-export.ts'

export interface Preview {
  source: string
  parser: string
  /** Rows that were found: kept and dropped. */
  events: number
  kept: number
  dropped: number
  /** What was replaced in texts, names and addresses, by kind. */
  replaced: Record<string, number>
  /** First and last day of what is kept; null where no event has a time. */
  dateRange: { from: string; to: string } | null
  /** As they would be sealed: some of the first ones, see `PreviewOptions.samples`. */
  sample: ActivityEvent[]
  /** Why rows were dropped. */
  dropReasons: Record<string, number>
  /** What is left: events by type, and how many carry each field. */
  left: { types: Record<string, number>; fields: Record<string, number> }
  /** People that the export names, who go by pseudonyms. */
  people: number
  files: { read: number; ignored: number }
  warnings: { code: string; message: string }[]
}

/** A row of the export, and what would be sealed of it. */
export interface Difference {
  before: Draft
  after: ActivityEvent
}

/** The same with the rows the samples were made of: for the owner's eyes. */
export interface PreviewWithDifference extends Preview {
  difference: Difference[]
}

export interface PoolOptions extends PrepareOptions {
  limits?: Limits
}

export interface PreviewOptions extends PoolOptions {
  /** The first so many rows, of whatever type; where absent ten, three of a type at most. */
  samples?: number | undefined
  /** Given every row that is kept, one after the other. */
  onRow?: ((row: Difference) => Promise<void>) | undefined
}

/** Throws InvalidInputError with the code of what is wrong with the export. */
export async function previewExport(where: string, options: PreviewOptions): Promise<PreviewWithDifference> {
  const types: Record<string, number> = {}
  const fields: Record<string, number> = {}
  const { samples = 10, onRow } = options
  const perType = options.samples === undefined ? 3 : samples
  const difference: PreviewWithDifference['difference'] = []
  let [kept, from, to] = [0, '', '']
  const tally = await readExport(where, options, ({ event, draft }) => {
    kept++
    const before = types[event.type] ?? 0
    types[event.type] = before + 1
    for (const field of Object.keys(event.object)) if (field !== 'kind') fields[field] = (fields[field] ?? 0) + 1
    for (const field of ['time', 'context', 'lang'] as const) if (event[field] !== undefined) fields[field] = (fields[field] ?? 0) + 1
    const day = event.time?.slice(0, 10)
    if (day !== undefined) {
      if (from === '' || day < from) from = day
      if (day > to) to = day
    }
    const row = { before: draft, after: event }
    if (difference.length < samples && before < perType) difference.push(row)
    return onRow?.(row)
  })
  const dropped = [...tally.dropped.values()].reduce((sum, one) => sum + one, 0)
  return {
    source: tally.source,
    parser: tally.parser,
    events: kept + dropped,
    kept,
    dropped,
    replaced: byName(tally.replaced),
    dateRange: from === '' ? null : { from, to },
    sample: difference.map(({ after }) => after),
    dropReasons: byName(tally.dropped),
    left: { types, fields },
    people: tally.people,
    files: tally.files,
    warnings: [...tally.warnings].map(([code, message]) => ({ code, message })),
    difference,
  }
}

/** Reads a whole export, one event after the other: what sealing takes. Resolves with the counts when the last was taken. */
export async function readExport(where: string, options: PoolOptions, take: (one: Prepared) => void | Promise<void>): Promise<Tally> {
  // the numbering plans of the world load when somebody has an export, not with every role
  const { ExportError, prepare } = await import('../../schemas/activity/index.ts')
  try {
    await using opened = await openExport(where, options.limits)
    const { tally, run } = await prepare(opened.files, { ...options, answers: { archive: path.basename(where), ...options.answers } })
    await run(take)
    return tally
  } catch (error) {
    if (error instanceof ExportError) throw new InvalidInputError(error.code, error.message, { cause: error })
    throw error
  }
}

const byName = (counts: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
