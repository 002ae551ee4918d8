/** CPU of `quern --help`, cold, over that of a bare `node -e 0`: `[ROUNDS]`, 7 unless said; target < 300 ms above bare Node. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'

const TARGET_MS = 300
const rounds = Number(process.argv[2] ?? 7)
const main = path.join(import.meta.dirname, '..', 'cli', 'main.ts')

/** CPU milliseconds of one process, user and system. */
function cpuOf(args: string[]): number {
  const before = process.resourceUsage()
  // the child prints its own usage, because the parent's counts only itself
  const probe =
    'process.on("exit",()=>{const u=process.resourceUsage();require("node:fs").writeSync(2,`\\ncpu ${u.userCPUTime+u.systemCPUTime}`)})'
  const { stderr, status } = spawnSync(process.execPath, ['--require', `data:text/javascript,${probe}`, ...args], { encoding: 'utf8' })
  void before
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`)
  return Number(/\ncpu (\d+)/.exec(stderr)?.[1]) / 1000
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number
const [bare, help]: [number[], number[]] = [[], []]
for (let i = 0; i < rounds; i++) {
  bare.push(cpuOf(['-e', '0']))
  help.push(cpuOf([...process.execArgv, main, '--help']))
}
console.log(`node -e 0     ${median(bare).toFixed(0)} ms CPU`)
console.log(`quern --help  ${median(help).toFixed(0)} ms CPU, ${(median(help) / median(bare)).toFixed(2)} times bare Node`)
if (median(help) - median(bare) > TARGET_MS) {
  console.error(`missed: more than ${TARGET_MS} ms of CPU above bare Node`)
  process.exitCode = 1
}
