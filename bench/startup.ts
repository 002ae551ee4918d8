/** Time of `quern --help`, on the wall and of CPU, beside a bare `node -e 0`: `[ROUNDS]`, 7 unless said; target < 300 ms on the wall. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const TARGET_MS = 300
const rounds = Number(process.argv[2] ?? 7)
const main = path.join(import.meta.dirname, '..', 'cli', 'main.ts')
const folder = mkdtempSync(path.join(tmpdir(), 'quern-bench-'))
/** Loaded before everything else; prints what the process used when it ends. */
const probe = path.join(folder, 'probe.cjs')
writeFileSync(
  probe,
  'process.on("exit", () => { const u = process.resourceUsage(); require("node:fs").writeSync(2, `\\ncpu ${u.userCPUTime + u.systemCPUTime}`) })',
)

/** Milliseconds of one process on the wall, and of CPU, user and system. */
function timesOf(args: string[]): { wall: number; cpu: number } {
  const started = performance.now()
  const { stderr, status } = spawnSync(process.execPath, ['--require', probe, ...args], { encoding: 'utf8' })
  const wall = performance.now() - started
  const used = /\ncpu (\d+)/.exec(stderr)?.[1]
  if (status !== 0 || used === undefined) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
  return { wall, cpu: Number(used) / 1000 }
}

type Times = ReturnType<typeof timesOf>[]
const median = (times: Times, of: 'wall' | 'cpu'): number =>
  times.map((one) => one[of]).toSorted((a, b) => a - b)[times.length >> 1] as number
const line = (name: string, times: Times): string =>
  `${name.padEnd(14)}${median(times, 'wall').toFixed(0)} ms on the wall, ${median(times, 'cpu').toFixed(0)} ms of CPU`

try {
  const bare: Times = []
  const help: Times = []
  for (let i = 0; i < rounds; i++) {
    bare.push(timesOf(['-e', '0']))
    help.push(timesOf([...process.execArgv, main, '--help']))
  }
  console.log(line('node -e 0', bare))
  console.log(line('quern --help', help))
  if (median(help, 'wall') > TARGET_MS) {
    console.error(`missed: more than ${TARGET_MS} ms on the wall`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
