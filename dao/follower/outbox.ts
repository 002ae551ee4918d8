/** Writes entries into a ledger: numbered, signed, persisted, then sent until the log holds them. Nothing is sent that a crash could forget. */
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { type EntryDraft, signEntry } from '../../core/envelope/index.ts'
import { codeOf, FatalError, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { decode, encode, type EntryType, type Payload } from '../../schemas/wire/index.ts'

export type SubmitResult = { status: 'receipt' } | { status: 'refused'; code: string; message: string } | { status: 'elsewhere' }
/** Brings an entry to the sequencer; throws RetryableError when it cannot be reached. */
export type Submit = (entry: Uint8Array, files: Uint8Array[]) => Promise<SubmitResult>

export interface OutboxOptions {
  ledgerId: string
  signer: Signer
  kv: Kv
  submit: Submit
  clock: Clock
  logger: Logger
  /** The next `n` of our account by the log as we folded it. */
  nextN: () => number
  signal: AbortSignal
}

interface Pending {
  t: EntryType
  n: number
  /** What makes a repeat of the same deed recognisable: `beacon.reveal/7`. */
  key: string
  entry: Uint8Array
  files: Uint8Array[]
}

/** What lies in the Kv, with what this run knows of it. */
interface Waiting extends Pending {
  /** The sequencer gave its receipt; the log as we folded it does not show it yet. */
  sent: boolean
}

const RETRY_MS = [200, 500, 1000, 2000, 5000]
const place = (n: number): string => `outbox/${String(n).padStart(10, '0')}`

export class Outbox {
  readonly #options: OutboxOptions
  readonly #pending = new Map<string, Waiting>()
  #last: Promise<unknown> = Promise.resolve()
  #queued = 0

  private constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Reads what an earlier run left behind; those entries are sent again before anything new. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const outbox = new Outbox(options)
    for (const name of await options.kv.keys('outbox/')) {
      const bytes = await options.kv.get(name)
      if (bytes === undefined) continue
      const pending = decode(bytes, 64 << 20) as Pending
      if (pending.n < options.nextN()) await options.kv.delete(name)
      else outbox.#pending.set(pending.key, { ...pending, sent: false })
    }
    outbox.#resume()
    return outbox
  }

  /** Whether this deed was signed already and awaits the log. */
  has(key: string): boolean {
    return this.#pending.has(key)
  }

  /**
   * Signs, persists and submits one entry, after everything that still waits; resolves with the sequencer's receipt. A key that is pending
   * already is not signed twice. Throws FatalError with the sequencer's code when the entry is refused for good: then its number is free
   * again. Throws what `submit` threw when that is neither a refusal nor worth an immediate retry: then the entry waits for `settle`.
   */
  write<T extends EntryType>(t: T, p: Payload<T>, { key, files = [] }: { key: string; files?: Uint8Array[] }): Promise<void> {
    return this.#enqueue(async () => {
      await this.#deliverWaiting(key)
      const known = this.#pending.get(key)
      if (known !== undefined) return this.#deliver(known)
      const n = Math.max(this.#options.nextN(), ...[...this.#pending.values()].map((q) => q.n + 1))
      const { ledgerId, signer, kv } = this.#options
      const entry = signEntry({ t, p, a: signer.did, n } as EntryDraft, ledgerId, signer)
      const kept: Pending = { t, n, key, entry, files }
      await kv.put(place(n), encode(kept))
      const pending: Waiting = { ...kept, sent: false }
      this.#pending.set(key, pending)
      return this.#deliver(pending)
    })
  }

  /** Forgets what the log holds by now and sends again what a fault kept back; call after every advance. */
  async settle(): Promise<void> {
    const next = this.#options.nextN()
    for (const [key, { n }] of this.#pending) {
      if (n >= next) continue
      this.#pending.delete(key)
      await this.#options.kv.delete(place(n))
    }
    if (!this.#isBusy) this.#resume()
  }

  #resume(): void {
    if ([...this.#pending.values()].every(({ sent }) => sent)) return
    void this.#enqueue(() => this.#deliverWaiting()).catch((error: unknown) =>
      this.#options.logger.debug('outbox-waits', { code: codeOf(error) }),
    )
  }

  /** In the order of their numbers: the log takes no later one before them. A refused one is gone; whoever wrote it looks at the log again. */
  async #deliverWaiting(exceptKey?: string): Promise<void> {
    for (const pending of [...this.#pending.values()].toSorted((a, b) => a.n - b.n)) {
      if (pending.sent || pending.key === exceptKey) continue
      await this.#deliver(pending).catch((error: unknown) => {
        if (this.#pending.has(pending.key)) throw error
      })
    }
  }

  #enqueue(task: () => Promise<void>): Promise<void> {
    this.#queued++
    const run = this.#last.then(task, task).finally(() => {
      this.#queued--
    })
    this.#last = run.catch(() => undefined)
    return run
  }

  get #isBusy(): boolean {
    return this.#queued > 0
  }

  async #deliver(pending: Waiting): Promise<void> {
    const { submit, clock, signal, logger, kv } = this.#options
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      if (pending.sent || pending.n < this.#options.nextN()) return
      try {
        const result = await submit(pending.entry, pending.files)
        if (result.status === 'receipt') {
          pending.sent = true
          return
        }
        if (result.status === 'refused') {
          const { code, message } = result
          // two validators look at each host, and the second finds what the first has said
          const isExpected = pending.t === 'optout' && code === 'REPEATED'
          logger[isExpected ? 'debug' : 'warn']('entry-refused', { type: pending.t, n: pending.n, code, message })
          await kv.delete(place(pending.n))
          this.#pending.delete(pending.key)
          throw new FatalError(result.code, result.message, { detail: { type: pending.t, n: pending.n } })
        }
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error
        logger.debug('submit-retry', { type: pending.t, code: error.code })
      }
      await clock.sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] as number, signal)
    }
  }
}
