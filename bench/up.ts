/** From `quern up --exit` to its release: seconds on the wall and of CPU, peak memory; eight roles in one process on the sample site; target < 60 s. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const TARGET_S = 60
const folder = mkdtempSync(path.join(tmpdir(), 'quern-bench-'))
const probe = path.join(folder, 'probe.cjs')
writeFileSync(
  probe,
  'process.on("exit", () => { const u = process.resourceUsage(); require("node:fs").writeSync(2, `\\ncpu ${u.userCPUTime + u.systemCPUTime} ${u.maxRSS}`) })',
)
const main = path.join(import.meta.dirname, '..', 'cli', 'main.ts')
const args = ['--require', probe, ...process.execArgv, main, 'up', '--exit', '--http', '127.0.0.1:0', '--home', path.join(folder, 'home')]
const started = performance.now()
let releasedMs = 0
let errors = ''
const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
child.stdout.resume()
child.stderr.on('data', (chunk: Buffer) => {
  errors += chunk.toString()
  if (releasedMs === 0 && /\brelease\s+bafy/.test(errors)) releasedMs = performance.now() - started
})
child.on('close', (code) => {
  rmSync(folder, { recursive: true, force: true })
  const [, cpu, kib] = /\ncpu (\d+) (\d+)/.exec(errors) ?? []
  if (code !== 0 || releasedMs === 0) {
    console.error(`quern up ended with ${code}\n${errors}`)
    process.exitCode = 1
    return
  }
  console.log(
    `release after ${(releasedMs / 1000).toFixed(1)} s; ${(Number(cpu) / 1e6).toFixed(1)} s of CPU in all; peak memory ${Math.round(Number(kib) / 1024)} MiB`,
  )
  if (releasedMs > TARGET_S * 1000) {
    console.error(`missed: more than ${TARGET_S} s`)
    process.exitCode = 1
  }
})
