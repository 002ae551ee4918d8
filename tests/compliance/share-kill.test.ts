/** A keyholder's table under SIGKILL: what was acknowledged is there when it is opened again, whichever way it went. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { equalBytes, rawCid, u32 } from '../../schemas/wire/index.ts'
import { openShareTable } from '../../validator/keyholder/index.ts'

/** Runs the child until it has printed so many lines, and gives all that it printed whole. */
async function linesOf(folder: string, kek: string, most: number): Promise<string[]> {
  const script = path.join(import.meta.dirname, '../unit/children/share-forever.ts')
  const child = spawn(process.execPath, [script, folder, kek], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line)
    if (lines.length === most) child.kill('SIGKILL')
  }
  return lines
}

it.each([1, 6, 7, 20, 61])('keeps what it acknowledged and nothing that it deleted, killed after %i words', async (most) => {
  const home = await mkdtemp(path.join(tmpdir(), 'quern-share-kill-'))
  try {
    const [folder, kek] = [path.join(home, 'shares'), path.join(home, 'kek')]
    const lines = await linesOf(folder, kek, most)
    expect(lines.length).toBeGreaterThanOrEqual(most)
    const numbers = (what: string): number[] => lines.flatMap((line) => (line.startsWith(`${what} `) ? [Number(line.split(' ')[1])] : []))
    const table = await openShareTable(folder, kek)
    const [begun, deleted] = [new Set(numbers('deleting')), numbers('deleted')]
    const isThere = (i: number): boolean => {
      const share = table.get(rawCid(u32(i)))?.held.share
      return share !== undefined && equalBytes(share, new Uint8Array(32).fill(i % 251))
    }
    expect(numbers('held').filter((i) => !begun.has(i) && !isThere(i))).toEqual([])
    expect(deleted.filter((i) => table.get(rawCid(u32(i))) !== undefined)).toEqual([])
    // and it goes on
    await table.rotate()
    expect((await openShareTable(folder, kek)).size).toBe(table.size)
  } finally {
    await rm(home, { recursive: true })
  }
})
