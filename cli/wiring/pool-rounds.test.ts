import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { signRound } from '../../dao/pool-statistics/index.ts'
import { cborCid, type CID, utf8 } from '../../schemas/wire/index.ts'
import { keyholders, LEDGER, NOW, operator, stranger } from '../../tests/support/pool-world.ts'
import { RoundFolder } from './pool-rounds.ts'

let home: string
beforeEach(async () => void (home = await mkdtemp(path.join(tmpdir(), 'quern-rounds-'))))
afterEach(() => rm(home, { recursive: true }))

const roundOf = (at: number): Uint8Array =>
  signRound(
    {
      dao: LEDGER,
      groups: ['people'],
      epsilonPpm: 1,
      minPeople: 5,
      aggregators: keyholders(3).map(({ did }) => did),
      gatherer: stranger.did,
      at,
      expires: at + 10,
    },
    operator,
  )
const none = (): boolean => false
const [older, newer] = [roundOf(NOW), roundOf(NOW + 5)] as const

it('keeps rounds and their lists over a restart, the newest last, and forgets both together', async () => {
  const lists = ['a', 'b', 'c'].map(utf8)
  {
    await using rounds = await RoundFolder.open(home)
    await rounds.keep(newer)
    await rounds.keep(older)
    expect(await rounds.lists(cborCid(older))).toBeUndefined()
    await rounds.keepLists(cborCid(older), lists)
  }
  await using rounds = await RoundFolder.open(home)
  expect((await rounds.unfinished(NOW + 6, none)).map(({ bytes }) => bytes)).toEqual([older, newer])
  expect(await rounds.lists(cborCid(older))).toEqual(lists)
  await rounds.forget(cborCid(older))
  expect(await rounds.lists(cborCid(older))).toBeUndefined()
  expect(await rounds.unfinished(NOW, none)).toHaveLength(1)
})

it('lets go of rounds that are over or in the log', async () => {
  await using rounds = await RoundFolder.open(home)
  await rounds.keep(older)
  await rounds.keep(newer)
  expect((await rounds.unfinished(NOW + 10, none)).map(({ id }) => id.toString())).toEqual([cborCid(newer).toString()])
  expect(await rounds.unfinished(NOW, (id: CID) => id.equals(cborCid(newer)))).toEqual([])
  expect(await rounds.unfinished(NOW, none)).toEqual([])
})

it('is of one command at a time', async () => {
  await using rounds = await RoundFolder.open(home)
  await rounds.keep(older)
  await expect(RoundFolder.open(home)).rejects.toMatchObject({ code: 'HOME_IN_USE' })
})
