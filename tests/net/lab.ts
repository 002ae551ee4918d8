/** Hosts of their own for processes, joined by tools/netlab: real TCP with delay, loss and cuts. Needs root and /dev/net/tun. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const root = path.resolve(import.meta.dirname, '../..')
const netlab = path.join(root, 'tools/netlab')
const run = promisify(execFile)

/** Why no lab can be made here; undefined when it can. */
export function whyNoLab(): string | undefined {
  if (process.getuid?.() !== 0) return 'making network namespaces needs root'
  if (!existsSync('/dev/net/tun')) return 'there is no /dev/net/tun'
  try {
    execFileSync('ip', ['-V'], { stdio: 'ignore' })
    execFileSync('python3', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'ip (iproute2) and python3 are needed'
  }
}

export interface Spoken extends AsyncDisposable {
  /** The first line, of those said and to come, that matches. Rejects when the process ends without it. */
  said(pattern: RegExp): Promise<RegExpExecArray>
  /** Asks the process to stop; gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

export class Lab implements AsyncDisposable {
  readonly #env: NodeJS.ProcessEnv
  readonly #processes: Spoken[] = []

  private constructor(name: string) {
    this.#env = { ...process.env, NETLAB_NAME: name }
  }

  static async up(hosts: number): Promise<Lab> {
    const lab = new Lab(`qn${process.pid % 10_000}`)
    await lab.do('up', String(hosts))
    return lab
  }

  /** Address of host `i`, from 1 on. */
  address(i: number): string {
    return `10.77.0.${i}`
  }

  /** A netlab command; gives stdout. */
  async do(...args: string[]): Promise<string> {
    return (await run(netlab, args, { env: this.#env })).stdout
  }

  /** `quern …` in host `i`. */
  quern(i: number, ...args: string[]): Spoken {
    return this.#start(i, path.join(root, 'cli/main.ts'), ...args)
  }

  /** GET in host `i`, where alone the lab's addresses exist. */
  async get<T>(i: number, url: string): Promise<T> {
    const script = `fetch(process.argv[1]).then((r) => r.text()).then(console.log)`
    const text = await this.do('exec', String(i), '--', process.execPath, '-e', script, url)
    return JSON.parse(text) as T
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#processes.map((one) => one[Symbol.asyncDispose]()))
    await this.do('down')
  }

  #start(i: number, ...args: string[]): Spoken {
    const flags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4']
    const child = spawn(netlab, ['exec', String(i), '--', process.execPath, ...flags, ...args], {
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const spoken = speak(child, `host ${i}: quern ${args.slice(1, 3).join(' ')}`)
    this.#processes.push(spoken)
    return spoken
  }
}

function speak(child: ChildProcess, name: string): Spoken {
  const lines: string[] = []
  const listeners = new Set<() => void>()
  let ended = false
  const tell = (): void => listeners.forEach((listener) => listener())
  for (const stream of [child.stdout, child.stderr])
    if (stream)
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line)
        tell()
      })
  child.on('close', () => {
    ended = true
    tell()
  })
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    }
    return child.exitCode
  }
  return {
    said: (pattern) =>
      new Promise((resolve, reject) => {
        let from = 0
        const look = (): void => {
          for (; from < lines.length; from++) {
            const match = pattern.exec(lines[from] as string)
            if (match === null) continue
            listeners.delete(look)
            return resolve(match)
          }
          if (!ended) return
          listeners.delete(look)
          reject(new Error(`${name} ended before it said ${pattern.source}:\n${lines.slice(-10).join('\n')}`))
        }
        listeners.add(look)
        look()
      }),
    stop,
    [Symbol.asyncDispose]: async () => void (await stop('SIGKILL')),
  }
}
