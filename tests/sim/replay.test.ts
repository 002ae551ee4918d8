import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { SimulateResult } from '../../sim/index.ts'

const run = promisify(execFile)
const main = path.join(import.meta.dirname, '../../cli/main.ts')

/** `quern sim` in a process of its own: nothing that another run left in memory can help. */
async function simulated(seed: number): Promise<SimulateResult> {
  const flags = [
    '--nodes',
    '6',
    '--validators',
    '4',
    '--epochs',
    '2',
    '--seed',
    String(seed),
    '--fabricating',
    '1',
    '--loss',
    '2',
    '--json',
  ]
  const { stdout } = await run(process.execPath, [main, 'sim', ...flags], { maxBuffer: 16 << 20 })
  return JSON.parse(stdout) as SimulateResult
}

it('gives one history for one seed in two fresh processes, and another for another seed', async () => {
  const [first, again, other] = [await simulated(1), await simulated(1), await simulated(2)]
  expect(again).toEqual(first)
  expect(first.digest).toMatch(/^[0-9a-f]{64}$/)
  expect(other.digest).not.toBe(first.digest)
  expect(other.roots).not.toEqual(first.roots)
})
