import { FatalError } from '../errors/index.ts'
import type { Connection } from './connection.ts'

interface Origin {
  idle: Connection[]
  open: number
  waiting: (() => void)[]
}

/** Connections by origin: bounded per origin, idle ones bounded over all, the longest idle closed first. */
export class ConnectionPool {
  readonly #open: (origin: string) => Connection
  readonly #perOrigin: number
  readonly #mostIdle: number
  readonly #origins = new Map<string, Origin>()
  /** In the order they fell idle. */
  readonly #idle = new Set<Connection>()
  readonly #busy = new Set<Connection>()
  #closed = false

  constructor(open: (origin: string) => Connection, perOrigin: number, mostIdle: number) {
    this.#open = open
    this.#perOrigin = perOrigin
    this.#mostIdle = mostIdle
  }

  /** Waits for a free place; throws the signal's reason, FatalError WEB_CLOSED, or what opening throws. */
  async acquire(name: string, signal?: AbortSignal): Promise<Connection> {
    for (;;) {
      signal?.throwIfAborted()
      if (this.#closed) throw new FatalError('WEB_CLOSED', 'closed while requests were waiting')
      const origin = this.#originOf(name)
      const idle = origin.idle.pop()
      if (idle !== undefined) {
        this.#idle.delete(idle)
        this.#busy.add(idle)
        return idle
      }
      if (origin.open < this.#perOrigin) return this.#opened(name, origin)
      await freePlace(origin, signal)
    }
  }

  #opened(name: string, origin: Origin): Connection {
    origin.open++
    try {
      const connection = this.#open(name)
      this.#busy.add(connection)
      return connection
    } catch (thrown) {
      this.#gone(name, origin)
      throw thrown
    }
  }

  release(connection: Connection): void {
    const origin = this.#originOf(connection.origin)
    this.#busy.delete(connection)
    if (connection.usable && !this.#closed) {
      origin.idle.push(connection)
      this.#idle.add(connection)
      if (this.#idle.size > this.#mostIdle) this.#evict()
    } else {
      connection.destroy()
      this.#gone(connection.origin, origin)
    }
    origin.waiting.shift()?.()
  }

  close(): void {
    this.#closed = true
    for (const connection of [...this.#idle, ...this.#busy]) connection.destroy()
    for (const origin of this.#origins.values()) for (const wake of origin.waiting.splice(0)) wake()
    this.#idle.clear()
    this.#origins.clear()
  }

  #evict(): void {
    const oldest = this.#idle.values().next().value as Connection
    const origin = this.#originOf(oldest.origin)
    this.#idle.delete(oldest)
    origin.idle.splice(origin.idle.indexOf(oldest), 1)
    oldest.destroy()
    this.#gone(oldest.origin, origin)
    origin.waiting.shift()?.()
  }

  #gone(name: string, origin: Origin): void {
    origin.open--
    if (origin.open <= 0 && origin.waiting.length === 0) this.#origins.delete(name)
  }

  #originOf(name: string): Origin {
    let origin = this.#origins.get(name)
    if (origin === undefined) this.#origins.set(name, (origin = { idle: [], open: 0, waiting: [] }))
    return origin
  }
}

/** Resolves when a place may be free; the caller looks again, because another may have been quicker. */
function freePlace(origin: Origin, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      signal?.removeEventListener('abort', leave)
      resolve()
    }
    const leave = (): void => {
      const at = origin.waiting.indexOf(wake)
      if (at !== -1) origin.waiting.splice(at, 1)
      // a wake-up that came with the abort belongs to the next in line
      else origin.waiting.shift()?.()
      resolve()
    }
    origin.waiting.push(wake)
    signal?.addEventListener('abort', leave, { once: true })
  })
}
