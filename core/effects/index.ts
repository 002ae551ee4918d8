/** What reaches outside, as arguments: only `cli/` (and a simulated world) makes these; everything below takes them. */

/** Time. `now` is milliseconds since the Unix epoch. */
export interface Clock {
  now(): number
  /** Resolves after `ms`; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `ring` once after `ms`, unless disposed before. */
  timer(ms: number, ring: () => void): Disposable
  /** A signal that aborts with a TimeoutError after `ms`. */
  deadline(ms: number): AbortSignal
}

/** Chance that may be replayed. Keys never come from here: they always use the platform's secure randomness. */
export interface Random {
  /** A uniform integer in [0, bound). */
  int(bound: number): number
  /** `length` bytes, for salts and nonces. */
  bytes(length: number): Uint8Array
}

export interface Effects {
  clock: Clock
  random: Random
}

/** A small durable map for what a role must remember across a crash. `put` resolves only when the value is on disk. */
export interface Kv {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, value: Uint8Array): Promise<void>
  delete(key: string): Promise<void>
  /** Keys that begin with `prefix`, in byte order. */
  keys(prefix: string): Promise<string[]>
}

/** One JSON line per event: verb, ids, counts. Never secrets, never page content. */
export interface Logger {
  debug(event: string, fields?: Record<string, unknown>): void
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, fields?: Record<string, unknown>): void
  /** The same log, named by place: `node:crawl`. */
  child(place: string): Logger
}

/** Swallows everything; the default where a caller does not care. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent }
