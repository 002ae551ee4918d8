/** The real command line in this process: what it printed and how it ended. One run at a time: it stands in for the process's own streams. */
import { specs } from '../../cli/commands/index.ts'
import { runProgram } from '../../cli/program/index.ts'

export interface CliRun {
  code: number
  out: string
  err: string
  /** Lines of stdout as JSON; throws when one is not. */
  json: <T = Record<string, unknown>>() => T[]
}

export async function runCli(...argv: string[]): Promise<CliRun> {
  const said = { out: '', err: '' }
  const real = { out: process.stdout.write.bind(process.stdout), err: process.stderr.write.bind(process.stderr) }
  const take =
    (into: 'out' | 'err') =>
    (text: string | Uint8Array, ...rest: unknown[]): boolean => {
      said[into] += typeof text === 'string' ? text : Buffer.from(text).toString('utf8')
      const done = rest.find((item) => typeof item === 'function') as (() => void) | undefined
      if (done) queueMicrotask(done)
      return true
    }
  process.stdout.write = take('out')
  process.stderr.write = take('err')
  // as the entry point does: a role lets go of what this process hangs on, and deadlines keep none alive
  const stops = ['SIGINT', 'SIGTERM'] as const
  const before = new Set(stops.flatMap((signal) => process.listeners(signal)))
  const alive = setInterval(() => undefined, 1 << 30)
  try {
    const code = await runProgram('0.0.0-test', specs, argv)
    return { code, ...said, json: () => linesOf(said.out).map((line) => JSON.parse(line)) }
  } finally {
    clearInterval(alive)
    // a command ends with its process; here many run in one
    for (const signal of stops) for (const stop of process.listeners(signal)) if (!before.has(stop)) process.off(signal, stop)
    process.stdout.write = real.out
    process.stderr.write = real.err
    // a role lets its process end although the one that started it still listens; the test's worker must not
    process.channel?.ref()
  }
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')
