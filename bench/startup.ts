/** CPU of `quern --help`, cold, over that of a bare `node -e 0`: `[ROUNDS]`, 7 unless said; target < 300 ms above bare Node. */
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

/** CPU milliseconds of one process, user and system. */
function cpuOf(args: string[]): number {
  const { stderr, status } = spawnSync(process.execPath, ['--require', probe, ...args], { encoding: 'utf8' })
  const used = /\ncpu (\d+)/.exec(stderr)?.[1]
  if (status !== 0 || used === undefined) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
  return Number(used) / 1000
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

try {
  const bare: number[] = []
  const help: number[] = []
  for (let i = 0; i < rounds; i++) {
    bare.push(cpuOf(['-e', '0']))
    help.push(cpuOf([...process.execArgv, main, '--help']))
  }
  console.log(`node -e 0     ${median(bare).toFixed(0)} ms of CPU`)
  console.log(`quern --help  ${median(help).toFixed(0)} ms of CPU, ${(median(help) / median(bare)).toFixed(2)} times bare Node`)
  if (median(help) - median(bare) > TARGET_MS) {
    console.error(`missed: more than ${TARGET_MS} ms of CPU above bare Node`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
