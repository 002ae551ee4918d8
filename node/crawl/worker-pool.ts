/**
 * Pages worked on in threads: parse, extract, measure, compress. Whole pages go over and come back, their bytes moved, not copied. A thread that
 * dies fails the page it was working on and is replaced; one that does not come back from a page is ended.
 */
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Clock } from '../../core/effects/index.ts'
import type { SiteRules } from '../../schemas/permission/index.ts'
import type { SelectorSchema } from '../../schemas/wire/index.ts'
import { type PageJob, type PageResult, type PageWorker, workPage } from './page-work.ts'
import type { FromThread, ToThread } from './page-thread.ts'

export interface WorkerPoolOptions {
  clock: Clock
  /** Threads. */
  size: number
  /** The thread's script; our own when absent. */
  script?: URL
  /** Longest time one page may take. */
  pageMs?: number
  /** Longest time a thread may take to load. */
  loadMs?: number
}

interface Task {
  job: PageJob
  done: (result: PageResult) => void
}

interface Thread {
  worker: Worker
  /** In the order they were sent; the thread works on the first. */
  tasks: Map<number, Task>
  /** Numbers of the rules it knows. */
  rules: Set<number>
  /** The schemas it was given last. */
  selectors?: readonly SelectorSchema[]
  /** It has loaded: what it is given it begins at once. */
  isReady: boolean
  /** When it began the page it is at; while it loads, when it was given its first. */
  since: number
}

/** Pages lie ready while the first is worked on: no thread waits for the other side, and one that finds the next at hand need not be woken for it. */
const AHEAD = 4
const MOST_RULES = 512
const CHECK_MS = 1000
/** A thread that has not loaded after this long never will. */
const LOAD_MS = 120_000
/**
 * No expectation: V8 lets a heap grow by a factor between two collections that follows from its bound, and under 512 MiB that is so little that
 * every fortieth page paid for a whole collection.
 */
const HEAP = { maxOldGenerationSizeMb: 1536 }
/** What V8 reads when it makes an isolate, for the threads and, but for the last, nothing that runs already; as a worker's options the process's own flags overrule it. */
const THREAD_FLAGS = [
  // a page's garbage is young: of 16 MiB a collection finds one page alive in twenty, and more would only be memory
  '--max-semi-space-size=16',
  // until its old generation has grown to this a thread is not collected: what lives in it is 25 MiB, and from 38 on V8 would look through it all
  '--initial-old-space-size=64',
  // so little survives that sharing its collection out costs more than collecting it; this one holds for the whole process
  '--no-parallel-scavenge',
]
/** A thread that dies at once would be replaced for ever. */
const MOST_DEATHS_IN_A_ROW = 8

/** In the sources `.ts`, in what is published `.js`. */
const ownScript = new URL(import.meta.url.endsWith('.ts') ? './page-thread.ts' : './page-thread.js', import.meta.url)

export class WorkerPool implements PageWorker, AsyncDisposable {
  readonly isElsewhere = true
  readonly #clock: Clock
  readonly #script: URL
  readonly #pageMs: number
  readonly #loadMs: number
  readonly #threads: Thread[] = []
  readonly #waiting: Task[] = []
  readonly #stop = new AbortController()
  readonly #ruleNumbers = new WeakMap<SiteRules, number>()
  #nextRule = 0
  #nextId = 0
  #deaths = 0
  #isWatching = false

  constructor({ clock, size, script = ownScript, pageMs = 30_000, loadMs = LOAD_MS }: WorkerPoolOptions) {
    this.#clock = clock
    this.#script = script
    this.#pageMs = pageMs
    this.#loadMs = loadMs
    THREAD_FLAGS.forEach((flag) => setFlagsFromString(flag))
    for (let i = 0; i < size; i++) this.#start()
  }

  /** Threads that run. */
  get size(): number {
    return this.#threads.length
  }

  /** Never rejects: outcome WORKER_FAILED or WORKER_TIMEOUT where the thread failed on this page, WORKER_LOST where it died on another. */
  work(job: PageJob): Promise<PageResult> {
    return new Promise((done) => {
      this.#waiting.push({ job, done })
      this.#feed()
      void this.#watch()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('closed'))
    const threads = this.#threads.splice(0)
    for (const { tasks } of threads) for (const { done } of tasks.values()) done(failed('WORKER_LOST'))
    for (const { done } of this.#waiting.splice(0)) done(failed('WORKER_LOST'))
    await Promise.all(threads.map(({ worker }) => worker.terminate()))
  }

  #start(): void {
    const worker = new Worker(this.#script, { resourceLimits: HEAP })
    const thread: Thread = { worker, tasks: new Map(), rules: new Set(), isReady: false, since: 0 }
    this.#threads.push(thread)
    worker.on('message', (message: FromThread) => this.#answered(thread, message))
    // its end follows, and decides
    worker.on('error', () => {})
    worker.once('exit', () => this.#died(thread, 'WORKER_FAILED'))
    worker.unref()
  }

  #feed(): void {
    // where no thread can live, pages are worked on here
    if (this.#threads.length === 0 && !this.#stop.signal.aborted) for (const { job, done } of this.#waiting.splice(0)) done(workedHere(job))
    while (this.#waiting.length > 0) {
      let idlest: Thread | undefined
      for (const thread of this.#threads)
        if (thread.tasks.size < AHEAD && thread.tasks.size < (idlest?.tasks.size ?? AHEAD)) idlest = thread
      if (idlest === undefined) return
      this.#send(idlest, this.#waiting.shift() as Task)
    }
  }

  #send(thread: Thread, task: Task): void {
    const { rules, selectors, ...rest } = task.job
    const { worker } = thread
    const site = this.#numberOf(rules)
    if (!thread.rules.has(site)) {
      if (thread.rules.size >= MOST_RULES) {
        worker.postMessage({ forget: true } satisfies ToThread)
        thread.rules.clear()
      }
      worker.postMessage({ number: site, rules } satisfies ToThread)
      thread.rules.add(site)
    }
    if (thread.selectors !== selectors) {
      worker.postMessage({ selectors } satisfies ToThread)
      thread.selectors = selectors
    }
    const id = this.#nextId++
    if (thread.tasks.size === 0) thread.since = this.#clock.now()
    thread.tasks.set(id, task)
    const { exchange } = rest
    const buffers = new Set([exchange.requestHead.buffer, exchange.responseHead.buffer, exchange.body.buffer] as ArrayBuffer[])
    worker.postMessage({ id, job: rest, site } satisfies ToThread, [...buffers])
    worker.ref()
  }

  #answered(thread: Thread, message: FromThread): void {
    // the pages that came while it loaded waited for it, and not it for them
    thread.isReady = true
    if ('ready' in message) return void (thread.since = this.#clock.now())
    const task = thread.tasks.get(message.id)
    if (task === undefined) return
    thread.tasks.delete(message.id)
    thread.since = this.#clock.now()
    this.#deaths = 0
    if (thread.tasks.size === 0) thread.worker.unref()
    this.#feed()
    if ('fault' in message) return task.done(failed('WORKER_FAILED', message.fault))
    // the bytes come home: whoever holds the exchange sees them again
    Object.assign(task.job.exchange, message.bytes)
    task.done({ ...message.result, links: message.links === '' ? [] : message.links.split('\n') })
  }

  #died(thread: Thread, outcome: string): void {
    const at = this.#threads.indexOf(thread)
    if (at === -1) return
    this.#threads.splice(at, 1)
    const isHopeless = ++this.#deaths > MOST_DEATHS_IN_A_ROW
    if (!this.#stop.signal.aborted && !isHopeless) this.#start()
    const [first, ...others] = thread.tasks.values()
    thread.tasks.clear()
    first?.done(failed(outcome))
    // their bytes went with the thread; they are fetched again
    for (const { done } of others) done(failed('WORKER_LOST'))
    this.#feed()
  }

  /** Ends threads that do not come back from a page; looks while there is work. */
  async #watch(): Promise<void> {
    if (this.#isWatching) return
    this.#isWatching = true
    try {
      while (this.#threads.some(({ tasks }) => tasks.size > 0)) {
        await this.#clock.sleep(Math.min(CHECK_MS, this.#pageMs, this.#loadMs), this.#stop.signal)
        const now = this.#clock.now()
        for (const thread of this.#threads.slice())
          if (thread.tasks.size > 0 && now - thread.since > (thread.isReady ? this.#pageMs : this.#loadMs)) {
            this.#died(thread, thread.isReady ? 'WORKER_TIMEOUT' : 'WORKER_LOST')
            void thread.worker.terminate()
          }
      }
    } catch {
      // closed
    } finally {
      this.#isWatching = false
    }
  }

  #numberOf(rules: SiteRules): number {
    let number = this.#ruleNumbers.get(rules)
    if (number === undefined) this.#ruleNumbers.set(rules, (number = this.#nextRule++))
    return number
  }
}

function workedHere(job: PageJob): PageResult {
  try {
    return workPage(job)
  } catch (thrown) {
    return failed('WORKER_FAILED', thrown instanceof Error ? thrown.name : 'unknown')
  }
}

function failed(outcome: string, detail?: string): PageResult {
  return { outcome, links: [], ...(detail === undefined ? {} : { detail }) }
}
