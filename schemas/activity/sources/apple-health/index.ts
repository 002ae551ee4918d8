/** Apple Health: measurements without devices, names or the person’s own characteristics. A special category of data. */
import { dropped, type Found } from '../../draft.ts'
import { decimalOf, type XmlElement, xmlElements } from '../../read/index.ts'
import type { SourceParser } from '../../source.ts'
import { parseTime } from '../../times.ts'

const PREFIX = /^HKWorkoutActivityType|^HK(?:Quantity|Category|Data|Correlation)?(?:TypeIdentifier|Type)?/
const nameOf = (type: string | undefined): string => (type ?? '').replace(PREFIX, '').slice(0, 80)
/** `SleepAnalysis` as a kind. */
const kindOf = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40) || 'record'

function found({ name, attributes }: XmlElement): Found | undefined {
  const start = parseTime(attributes['startDate'])
  const end = parseTime(attributes['endDate'])
  const seconds = start !== undefined && end !== undefined && end >= start ? Math.round((end - start) / 1000) : undefined
  if (name === 'Record') {
    const what = nameOf(attributes['type'])
    const value = decimalOf(attributes['value'])
    if (what === '') return dropped('empty')
    if (value !== undefined)
      return {
        type: 'Measure',
        kind: 'measurement',
        timeMs: start,
        measure: { name: what, value, unit: (attributes['unit'] ?? '').slice(0, 24) },
      }
    return {
      type: 'Measure',
      kind: kindOf(what),
      timeMs: start,
      name: nameOf(attributes['value']?.replace(/^HKCategoryValue/, '')) || undefined,
      durationS: seconds,
    }
  }
  if (name === 'Workout') {
    const minutes = Number(attributes['duration'])
    const durationS = Number.isFinite(minutes) && attributes['durationUnit'] === 'min' ? Math.round(minutes * 60) : seconds
    return { type: 'Measure', kind: 'workout', timeMs: start, name: nameOf(attributes['workoutActivityType']) || undefined, durationS }
  }
  return undefined
}

export const appleHealth: SourceParser = {
  source: 'apple-health',
  version: 1,
  kinds: [
    {
      name: 'export',
      // localised: exportar.xml, Exportación.xml, export_cda.xml is another format
      path: /\.xml$/,
      head: /<!DOCTYPE HealthData|<HealthData[\s>]/,
      weight: 3,
      async *events(file) {
        for await (const elements of xmlElements(file))
          for (const element of elements) {
            const one = found(element)
            if (one !== undefined) yield one
          }
      },
    },
  ],
}
