import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { UsageError } from '../../core/errors/index.ts'
import { type Difference, type PreviewWithDifference, previewExport } from '../../node/pool/index.ts'
import { type ActivityEvent, coarserOf, type Draft } from '../../schemas/activity/index.ts'
import type { EventRules } from '../../schemas/wire/index.ts'
import { type Flags, numberFlag, print, printable, printJson, type Run, say, settingOf, table } from '../program/index.ts'
import { columnsOf, detectorsOf, rulesOf, sourceOf } from './pool-options.ts'

export const run: Run = async ([where = ''], flags) => {
  const text = (name: string): string | undefined => (typeof flags[name] === 'string' ? flags[name] : undefined)
  const dates = text('dates')
  if (dates !== undefined && dates !== 'dmy' && dates !== 'mdy') throw new UsageError('BAD_FLAG', '--dates takes dmy or mdy')
  const isAll = flags['all'] === true
  if (isAll && flags['json'] === true)
    throw new UsageError('BAD_FLAG', '--all prints rows before and after, --json what they come to: give one of them')
  const { difference, ...preview } = await previewExport(where, {
    rules: coarserOf(await rulesOf(flags), await poolRulesOf(flags)),
    detectors: await detectorsOf(flags),
    only: sourceOf(flags),
    answers: { self: text('self'), profile: text('profile'), dates, columns: columnsOf(flags) },
    samples: isAll ? 0 : flags['samples'] === undefined ? undefined : numberFlag(flags, 'samples', 0),
    onRow: isAll ? printRow : undefined,
    // of this run only: a preview is linked to nothing
    key: randomBytes(32),
    nowMs: Date.now(),
  })
  for (const { code, message } of preview.warnings) say(`quern: ${printable(message)} [${code}]`)
  if (flags['json'] === true) printJson(preview)
  else print(inWords({ ...preview, difference }))
  return 0
}

/** Of the DAO that is named, asked under a key of this moment; undefined where none is. */
async function poolRulesOf(flags: Flags): Promise<EventRules | undefined> {
  const address = settingOf('dao', flags)
  if (address === undefined) return undefined
  // the mesh loads when there is somebody to ask
  const [{ learnDao, logger, resolveDao, untilStopped }, { poolOf }] = await Promise.all([
    import('../wiring/index.ts'),
    import('./pool-session.ts'),
  ])
  const log = await logger(settingOf('logLevel', flags))
  return poolOf(await learnDao(await resolveDao(address), { logger: log, signal: untilStopped().signal })).value.rules
}

function inWords(preview: PreviewWithDifference): string {
  const counts = (of: Record<string, number>): string =>
    Object.entries(of)
      .toSorted((a, b) => b[1] - a[1])
      .map(([name, count]) => `${name} ${count}`)
      .join(', ') || 'nothing'
  const { dateRange } = preview
  return printable(
    [
      table(
        [
          ['source', `${preview.source} (parser ${preview.parser})`],
          ['files', `${preview.files.read} read, ${preview.files.ignored} not read`],
          ['events', `${preview.events} found, ${preview.kept} kept, ${preview.dropped} dropped`],
          ['dropped', counts(preview.dropReasons)],
          ['replaced', counts(preview.replaced)],
          ['people', `${preview.people} named by the export, by pseudonym where they are kept`],
          ['dates', dateRange === null ? 'none' : `${dateRange.from} to ${dateRange.to}`],
          ['left', counts(preview.left.types)],
          ['fields', counts(preview.left.fields)],
        ],
        2,
      ),
      ...(preview.difference.length > 0 ? ['', ...preview.difference.map(inLines)] : []),
      '',
      'Nothing was written and nothing of it left this machine. What is left is pseudonymised: who knows you may still know you in it.',
    ].join('\n'),
  )
}

const inLines = ({ before, after }: Difference): string => `- ${rowBefore(before)}\n+ ${rowAfter(after)}`

/** Whole, and after as it would be sealed. An export may have a million rows: no faster than whoever reads them. */
async function printRow({ before, after }: Difference): Promise<void> {
  const lines = `- ${rowBefore(before, oneLine)}\n+ ${JSON.stringify(after)}\n`
  if (!process.stdout.write(printable(lines))) await once(process.stdout, 'drain')
}

const oneLine = (value: string | undefined): string | undefined => value?.replaceAll('\n', ' ')
const short = (value: string | undefined): string | undefined =>
  oneLine(value !== undefined && value.length > 160 ? `${value.slice(0, 159)}…` : value)
const joined = (parts: (string | undefined)[]): string => parts.filter((part) => part !== undefined).join(' | ')

function rowBefore({ type, timeMs, person, name, text, url, context, place, measure }: Draft, shown = short): string {
  return joined([
    type,
    timeMs === undefined ? undefined : new Date(timeMs).toISOString(),
    person ?? shown(name),
    shown(text),
    shown(url),
    place && `${place.latE7 / 1e7}, ${place.lonE7 / 1e7}`,
    measure && `${measure.name} ${measure.value} ${measure.unit}`,
    shown(context),
  ])
}

function rowAfter({ type, time, object: { name, text, url, place, measure }, context }: ActivityEvent): string {
  return joined([
    type,
    time,
    short(name),
    short(text),
    short(url),
    place && `${place.latE7 / 1e7}, ${place.lonE7 / 1e7}`,
    measure && `${measure.name} ${measure.value} ${measure.unit}`,
    short(context),
  ])
}
