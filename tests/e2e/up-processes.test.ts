/** `quern up --processes`: every role a process of its own. However the command ends, none of them is left. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually, realClock } from '../support/real-clock.ts'

const MAIN = path.join(import.meta.dirname, '../../cli/main.ts')
const PATIENCE_MS = 240_000

let home: string
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'quern-processes-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

interface Up {
  child: ChildProcess
  out: () => string
  err: () => string
  ended: Promise<unknown>
}

function up(...more: string[]): Up {
  const words = ['up', '--processes', '--json', '--home', home, '--http', '127.0.0.1:0', '--max-pages', '6', ...more]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said.err += text))
  return { child, out: () => said.out, err: () => said.err, ended: once(child, 'exit') }
}

/** The processes that work in this test's home, each with its role, as its command line says; the one that started them is `up`. */
async function processes(): Promise<{ pid: number; role: string }[]> {
  const found: { pid: number; role: string }[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0')
    if (!words.some((word) => word.startsWith(home))) continue
    found.push({ pid: Number(pid), role: words.find((word) => ['up', 'dao', 'node', 'validator'].includes(word)) ?? '' })
  }
  return found
}

const running = async (): Promise<string[]> => (await processes()).map(({ role }) => role).toSorted()

describe.runIf(process.platform === 'linux')('a network of processes', () => {
  it('releases, prints the shares, and has stopped every process when it exits', async () => {
    const { child, out, err, ended } = up('--exit', '--contributors', '2', '--validators', '3')
    const seen = new Set<number>()
    const watching = new AbortController()
    const watch = (async () => {
      while (!watching.signal.aborted) {
        seen.add((await running()).length)
        await realClock.sleep(50, watching.signal).catch(() => undefined)
      }
    })()
    await ended
    watching.abort()
    await watch
    expect(child.exitCode, err()).toBe(0)
    expect(Math.max(...seen)).toBe(1 + 1 + 2 + 3)
    const done = JSON.parse(out().trim().split('\n').at(-1) as string) as { contributors: unknown[]; release: unknown }
    expect(done.contributors).toHaveLength(2)
    // nobody fell over on the way
    expect(err()).not.toMatch(/ended with/)
    expect(await running()).toEqual([])
  })

  it.each([
    ['SIGTERM', [], 0],
    // who asked for a release and stopped it before has none
    ['SIGTERM', ['--exit'], 1],
    ['SIGKILL', [], null],
  ] as const)('leaves no process behind when it gets %s with %j', async (signal, more, code) => {
    const { child, err, ended } = up('--contributors', '1', '--validators', '1', ...more)
    await eventually(async () => (await running()).join(' ') === 'dao node up validator', realClock, PATIENCE_MS)
    child.kill(signal)
    await ended
    expect([child.exitCode, child.signalCode], err()).toEqual([code, code === null ? signal : null])
    await eventually(async () => (await running()).length === 0, realClock, PATIENCE_MS)
  })

  it('ends where the processes of all contributors did', async () => {
    const { child, err, ended } = up('--exit', '--contributors', '1', '--validators', '1')
    await eventually(async () => (await running()).includes('node'), realClock, PATIENCE_MS)
    const node = (await processes()).find(({ role }) => role === 'node')
    process.kill(node?.pid ?? Number.NaN, 'SIGKILL')
    await ended
    expect(child.exitCode, err()).toBe(1)
    expect(err()).toContain('contributor-1: ended with a signal')
    expect(err()).toContain('[ROLE_ENDED]')
    expect(await running()).toEqual([])
  })
})
