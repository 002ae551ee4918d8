import { type Logger, silent } from '../effects/index.ts'
import { type Metric, noMeter, type Telemetry } from './meter.ts'
import type { LogOptions } from './pino-logger.ts'
import type { PrometheusMeter } from './prometheus.ts'

export { counter, gauge, histogram, type Labels, type Meter, type Metric, noMeter, SECONDS, type Telemetry } from './meter.ts'
export type { LogOptions } from './pino-logger.ts'
export type { PrometheusMeter } from './prometheus.ts'

/** Logs and counts nothing; the default where a caller does not care. */
export const quiet: Telemetry = { log: silent, meter: noMeter }

/** A logger that writes one JSON line per event; loads pino on first use. */
export async function openLogger(options: LogOptions): Promise<Logger> {
  const { pinoLogger } = await import('./pino-logger.ts')
  return pinoLogger(options)
}

/** A meter whose `render()` is the text of `/metrics`; loads prom-client on first use. */
export async function openPrometheus(options: { metrics?: readonly Metric[]; processMetrics?: boolean } = {}): Promise<PrometheusMeter> {
  const { prometheusMeter } = await import('./prometheus.ts')
  return prometheusMeter(options)
}
