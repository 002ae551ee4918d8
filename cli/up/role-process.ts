/** A role as a process of its own: this very program, run again with other words. It ends with its parent. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { FatalError } from '../../core/errors/index.ts'

/** Time to close stores and connections before the process is killed. */
const PATIENCE_MS = 30_000
/** Memory and warnings as we were told; not a test runner's or a debugger's flags. */
const NODE_FLAGS = process.execArgv.filter((flag) => /^--(max-|disable-warning)/.test(flag))
const MAIN = fileURLToPath(new URL(`../main${path.extname(import.meta.url)}`, import.meta.url))

export interface RoleProcessOptions {
  name: string
  argv: string[]
  env?: Record<string, string>
  /** Every line of JSON on its stdout. */
  onLine?: (line: Record<string, unknown>) => void
  /** Every line of words on its stderr. */
  onWords?: (line: string) => void
  /** It ended, and nobody had asked it to. */
  onEnd?: (code: number | null) => void
}

export class RoleProcess implements AsyncDisposable {
  readonly name: string
  readonly #child: ChildProcess
  readonly #ended: Promise<number | null>
  #isStopping = false

  constructor({ name, argv, env = {}, onLine, onWords, onEnd }: RoleProcessOptions) {
    this.name = name
    // a channel tells the child when we are gone, however we went; a group of its own keeps the terminal's Ctrl-C from reaching it twice
    const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...argv], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      detached: true,
    })
    this.#child = child
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code) => resolve(code))
      child.once('error', () => resolve(null))
    })
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => onLine?.(jsonOf(line)))
    if (child.stderr) createInterface({ input: child.stderr }).on('line', (line) => onWords?.(line))
    void this.#ended.then((code) => {
      if (!this.#isStopping) onEnd?.(code)
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Exit code; null when a signal ended it. */
  get ended(): Promise<number | null> {
    return this.#ended
  }

  /** SIGKILL: what a crash is. */
  async kill(): Promise<void> {
    this.#isStopping = true
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  /** Asks it to stop, and kills it when it does not. Gives its exit code. */
  async stop(): Promise<number | null> {
    this.#isStopping = true
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGTERM')
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS)
    try {
      return await this.#ended
    } finally {
      clearTimeout(impatience)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** A `dao serve` and what it says when it is ready. Throws FatalError ROLE_ENDED with its last words. */
export async function startDaoProcess(
  options: RoleProcessOptions,
): Promise<{ process: RoleProcess; ledger: string; http: string; addresses: string[] }> {
  const ready = new EventTarget()
  let said: Record<string, unknown> = {}
  let last = ''
  const role = new RoleProcess({
    ...options,
    onLine: (line) => {
      options.onLine?.(line)
      if (typeof line['http'] !== 'string') return
      said = line
      ready.dispatchEvent(new Event('ready'))
    },
    onWords: (line) => {
      last = line
      options.onWords?.(line)
    },
  })
  await Promise.race([once(ready, 'ready'), role.ended])
  if (typeof said['http'] !== 'string') {
    await role.stop()
    throw new FatalError('ROLE_ENDED', `${options.name} did not start: ${last}`)
  }
  return { process: role, ledger: String(said['ledger']), http: said['http'], addresses: said['addresses'] as string[] }
}

function jsonOf(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return {}
  }
}
