/** The same counts for Prometheus. Loaded by `openPrometheus` only. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Meter, Metric } from './meter.ts'

export interface PrometheusMeter extends Meter {
  readonly contentType: string
  /** Text of `/metrics`. */
  render(): Promise<string>
}

type Instrument = Counter | Gauge | Histogram

/** Metrics named here stand at zero from the start; others appear with their first event. */
export function prometheusMeter({
  metrics = [],
  processMetrics = true,
}: {
  metrics?: readonly Metric[]
  processMetrics?: boolean
}): PrometheusMeter {
  const registry = new Registry()
  if (processMetrics) collectDefaultMetrics({ register: registry })
  const instruments = new Map<string, Instrument>()
  const instrument = (metric: Metric): Instrument => {
    let found = instruments.get(metric.name)
    if (found === undefined) instruments.set(metric.name, (found = make(metric, registry)))
    return found
  }
  for (const metric of metrics) instrument(metric)
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    add: (metric, labels = {}, by = 1) => {
      const one = instrument(metric)
      if (one instanceof Counter || one instanceof Gauge) one.inc(labels, by)
    },
    set: (metric, value, labels = {}) => {
      const one = instrument(metric)
      if (one instanceof Gauge) one.set(labels, value)
    },
    observe: (metric, value, labels = {}) => {
      const one = instrument(metric)
      if (one instanceof Histogram) one.observe(labels, value)
    },
  }
}

function make({ name, type, help, labels, buckets }: Metric, registry: Registry): Instrument {
  const common = { name, help, labelNames: [...labels], registers: [registry] }
  if (type === 'counter') return new Counter(common)
  if (type === 'gauge') return new Gauge(common)
  return new Histogram({ ...common, ...(buckets === undefined ? {} : { buckets: [...buckets] }) })
}
