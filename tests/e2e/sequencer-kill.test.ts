/** A sequencer killed again and again (SIGKILL): every receipt it gave holds, and its files are a whole log. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { peekCheckpoint, verifyLog } from '../../dao/log/index.ts'
import { openDiskLogStore } from '../../dao/stores/index.ts'
import { openKilledSequencer } from '../support/killed-sequencer.ts'
import { seededWorld } from '../support/seeded.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-kill-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Runs the child until it gave so many receipts, kills it, and gives every line it had printed. */
async function runAndKill(receipts: number): Promise<[entry: number, index: number][]> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, '../unit/children/sequence-forever.ts'), folder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (data: Buffer) => (said += data.toString()))
  const gone = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  const given: [number, number][] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const [, entry, index] = /^(\d+) (\d+)\.$/.exec(line) ?? []
    if (index === undefined) continue // torn by the kill
    given.push([Number(entry), Number(index)])
    if (given.length === receipts) child.kill('SIGKILL')
  }
  expect(await gone, said).toBe('SIGKILL')
  return given
}

it('keeps its promises over six kills', async () => {
  const random = seededWorld(7)
  const promised = new Map<number, number>()
  for (let life = 0; life < 6; life++)
    for (const [entry, index] of await runAndKill(1 + random.int(900))) {
      expect(promised.get(entry) ?? index).toBe(index)
      promised.set(entry, index)
    }
  await using sequencer = await openKilledSequencer(folder)
  const checkpoint = peekCheckpoint(await sequencer.published(sequencer.size))
  const store = await openDiskLogStore(path.join(folder, 'log'))
  expect(await verifyLog(store, checkpoint)).toMatchObject({ ok: true, entries: sequencer.size })
  const logged = (await sequencer.reader.entries(0, sequencer.size)).map((entry) => new TextDecoder().decode(entry))
  expect(new Set(logged).size).toBe(logged.length)
  expect(promised.size).toBeGreaterThan(100)
  for (const [entry, index] of promised) expect(logged[index]).toBe(`entry ${entry}`)
})
