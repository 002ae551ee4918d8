import type { Labels, Meter, Metric } from './meter.ts'

/** Counts in memory, for tests and for `--json` summaries: histograms keep their count and sum. */
export interface MemoryMeter extends Meter {
  /** Value of a counter or gauge, or the count of a histogram, over all series that carry these labels. */
  value(metric: Metric, labels?: Labels): number
}

export function memoryMeter(): MemoryMeter {
  const series = new Map<string, { metric: Metric; labels: Labels; value: number }>()
  const cell = (metric: Metric, labels: Labels): { value: number } => {
    const key = `${metric.name} ${metric.labels.map((label) => labels[label] ?? '').join('\0')}`
    let found = series.get(key)
    if (found === undefined) series.set(key, (found = { metric, labels, value: 0 }))
    return found
  }
  return {
    add: (metric, labels = {}, by = 1) => {
      cell(metric, labels).value += by
    },
    set: (metric, value, labels = {}) => {
      cell(metric, labels).value = value
    },
    observe: (metric, _value, labels = {}) => {
      cell(metric, labels).value++
    },
    value: (metric, labels = {}) =>
      [...series.values()]
        .filter((one) => one.metric.name === metric.name && Object.entries(labels).every(([label, value]) => one.labels[label] === value))
        .reduce((sum, one) => sum + one.value, 0),
  }
}
