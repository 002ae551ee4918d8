/** What the DAO notes of a withdrawal, until the log has it; and whom its gathering waits for. */
import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { PoolLedgerWorld } from '../../tests/unit/pool-ledger-world.ts'
import { rawCid } from '../../schemas/wire/index.ts'
import { MemoryFiles } from '../follower/index.ts'
import { isPhaseDone } from './index.ts'
import { PoolDesk } from './pool-desk.ts'

it('writes a withdrawal again that it noted and the log lacks, also after a restart, and forgets it with its entry', async () => {
  const world = new PoolLedgerWorld()
  const person = world.person('ada')
  world.advanceTo('gather')
  world.offer(person)
  const kv = new MemoryKv()
  const written: string[] = []
  const open = (): PoolDesk =>
    new PoolDesk({
      mesh: { peers: () => [], peer: '' } as unknown as Mesh,
      storage: new MemoryStorage(),
      files: new MemoryFiles(),
      clock: realClock,
      logger: silent,
      signal: new AbortController().signal,
      state: () => world.state,
      // as where another entry took its number: the outbox is content, and the log has nothing
      write: (_, __, { key }) => {
        written.push(key)
        return Promise.resolve()
      },
      isWaiting: () => false,
      kv,
    })
  const desk = open()
  expect(await desk.take(world.withdrawal(person))).toEqual({ status: 'noted' })
  await desk.settle()
  await open().settle()
  expect([written.length, new Set(written).size]).toEqual([3, 1])
  world.withdraw(person)
  await desk.settle()
  expect([written.length, await kv.keys('')]).toEqual([3, []])
})

it('owes the log nothing that the log refuses for good', async () => {
  const world = new PoolLedgerWorld()
  const kv = new MemoryKv()
  const desk = new PoolDesk({
    mesh: { peers: () => [], peer: '' } as unknown as Mesh,
    storage: new MemoryStorage(),
    files: new MemoryFiles(),
    clock: realClock,
    logger: silent,
    signal: new AbortController().signal,
    state: () => world.state,
    write: () => Promise.reject(new FatalError('NOTHING_BROUGHT', 'as the log answers')),
    isWaiting: () => false,
    kv,
  })
  expect(await desk.take(world.withdrawal(world.person('ada')))).toMatchObject({ status: 'refused', code: 'NOTHING_BROUGHT' })
  expect(await kv.keys('')).toEqual([])
})

it('writes what else it owes where the log refuses one, and forgets what ends nothing any more', async () => {
  const world = new PoolLedgerWorld()
  const kv = new MemoryKv()
  const answers = new Map<string, string>()
  const written: string[] = []
  const desk = new PoolDesk({
    mesh: { peers: () => [], peer: '' } as unknown as Mesh,
    storage: new MemoryStorage(),
    files: new MemoryFiles(),
    clock: realClock,
    logger: silent,
    signal: new AbortController().signal,
    state: () => world.state,
    write: async (_, __, { key }) => {
      written.push(key)
      const code = answers.get(key)
      if (code !== undefined) throw new FatalError(code, 'as the log answers')
    },
    isWaiting: () => false,
    kv,
  })
  for (const name of ['ada', 'bo', 'cy']) await desk.take(world.withdrawal(world.person(name)))
  // in the order in which a store gives its keys
  const [busy, nothing, many] = written.toSorted() as [string, string, string]
  written.length = 0
  answers.set(busy, 'ELSEWHERE').set(nothing, 'NOTHING_BROUGHT').set(many, 'TOO_MANY')
  await expect(desk.settle()).rejects.toMatchObject({ code: 'ELSEWHERE' })
  expect(written).toEqual([busy, nothing, many])
  written.length = 0
  answers.clear()
  await desk.settle()
  expect(written).toEqual([busy])
})

it('takes the end of what is in the log also of somebody who withdrew as often as one may, and nothing else of it', async () => {
  const world = new PoolLedgerWorld()
  const person = world.person('ada')
  world.advanceTo('gather')
  const offered = world.offer(person)
  world.advance('reveal')
  world.show(offered)
  for (let i = 0; i < 256; i++)
    world.state.withdrawals.add({
      index: i,
      by: person.did,
      manifest: rawCid(new Uint8Array([i])),
      subject: person.did,
      scope: ['ai:Benchmarking'],
    })
  const desk = new PoolDesk({
    mesh: { peers: () => [], peer: '' } as unknown as Mesh,
    storage: new MemoryStorage(),
    files: new MemoryFiles(),
    clock: realClock,
    logger: silent,
    signal: new AbortController().signal,
    state: () => world.state,
    write: () => Promise.resolve(),
    isWaiting: () => false,
    kv: new MemoryKv(),
  })
  expect(await desk.take(world.withdrawal(person, { scope: ['ai:Benchmarking'] }))).toMatchObject({ code: 'TOO_MANY' })
  expect(await desk.take(world.withdrawal(person, { manifest: rawCid(new Uint8Array(2)) }))).toMatchObject({ code: 'TOO_MANY' })
  expect(await desk.take(world.withdrawal(person))).toEqual({ status: 'noted' })
})

it('waits with a gathering for whoever is connected, subjects too, until they say that they bring nothing more', () => {
  const world = new PoolLedgerWorld({ contributors: ['crawler'] })
  const [ada, idle] = [world.person('ada'), world.person('idle')]
  world.advanceTo('gather')
  world.offer(ada)
  const crawler = [...world.state.contributors.keys()].find((account) => account !== ada.did && account !== idle.did) as string
  const view = { ready: new Set<string>(), connected: new Set([crawler, ada.did, idle.did]), elapsedMs: 0 }
  expect(isPhaseDone(world.state, view)).toBe(false)
  expect(isPhaseDone(world.state, { ...view, ready: new Set([crawler, ada.did]) })).toBe(false)
  expect(isPhaseDone(world.state, { ...view, ready: new Set([crawler, ada.did, idle.did]) })).toBe(true)
})
