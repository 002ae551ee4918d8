/** What is counted. A metric is one value; an event function names it, so that what is logged and what is counted never drift. */
import type { Logger } from '../effects/index.ts'

export interface Metric {
  /** Prometheus name, with its unit: `quern_call_seconds`. Counters end in `_total`. */
  name: string
  type: 'counter' | 'gauge' | 'histogram'
  help: string
  /** Few and bounded: protocols, outcomes, roles. Peers and CIDs belong into the log. */
  labels: readonly string[]
  /** Upper bounds, for histograms. */
  buckets?: readonly number[]
}

export type Labels = Readonly<Record<string, string>>

export interface Meter {
  /** Adds to a counter (default 1) or moves a gauge. */
  add(metric: Metric, labels?: Labels, by?: number): void
  set(metric: Metric, value: number, labels?: Labels): void
  /** One observation of a histogram. */
  observe(metric: Metric, value: number, labels?: Labels): void
}

/** Where events go: both at once. */
export interface Telemetry {
  log: Logger
  meter: Meter
}

export const counter = (name: string, help: string, labels: readonly string[] = []): Metric => ({ name, type: 'counter', help, labels })
export const gauge = (name: string, help: string, labels: readonly string[] = []): Metric => ({ name, type: 'gauge', help, labels })
export const histogram = (name: string, help: string, buckets: readonly number[], labels: readonly string[] = []): Metric => ({
  name,
  type: 'histogram',
  help,
  labels,
  buckets,
})

/** Buckets for what takes from a millisecond to five minutes. */
export const SECONDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 300] as const

/** Counts nothing. */
export const noMeter: Meter = { add() {}, set() {}, observe() {} }
