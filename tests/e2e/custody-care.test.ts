/** A pool's shares are looked after by the DAO's service alone: the real roles over TCP, and nobody types a command. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { combineAnswers, type HeldShare, openChunk, partialKeys } from '../../dao/custody/index.ts'
import type { Sealed } from '../../node/pool/seal/index.ts'
import type { KeyAnswer } from '../../schemas/wire/index.ts'
import type { ShareTable } from '../../validator/index.ts'
import { CustodyWorld } from '../support/custody-world.ts'
import { eventually } from '../support/real-clock.ts'

const DAY = 86_400
let world: CustodyWorld
beforeEach(async () => {
  world = await CustodyWorld.open()
})
afterEach(() => world[Symbol.asyncDispose]())

const contribution = ({ cid }: Sealed) => world.state.contributions.get(cid.toString())!
const didOf = (i: number): string => world.names[i]!.did
/** As a keyholder's table has it. */
const heldAt = (i: number, { cid }: Sealed): HeldShare | undefined => {
  const row = (world.tables.get(i) as ShareTable).get(cid)
  return row?.current ? { ...row.held, salt: row.salt, dealt: row.dealt } : undefined
}
const holders = (one: Sealed): number[] => [...world.tables.keys()].filter((i) => heldAt(i, one) !== undefined).toSorted((a, b) => a - b)
const generations = (one: Sealed): (number | undefined)[] => [0, 1, 2, 3, 4].map((i) => heldAt(i, one)?.generation)
const said = (event: string) => world.said.filter((one) => one.event === event).map(({ fields }) => fields)

/** The first chunk from shares as whoever got hold of them would open it, whatever they say of their generation. */
function openWith({ blocks }: Sealed, shares: HeldShare[]): string {
  const like = shares[0] as HeldShare
  const answers = shares.map((held) => ({ ...like, x: held.x, ...partialKeys(held, [0]) }) as unknown as KeyAnswer)
  const { keys, context } = combineAnswers(answers, shares.length, [0])!
  return Buffer.from(openChunk((blocks[1] as { bytes: Uint8Array }).bytes, keys[0]!, context, 0)).toString()
}

it('gives the shares of a keyholder that lost its seat to another, after which the old ones are of no use', async () => {
  const [first, second] = (await world.offer(2)) as [Sealed, Sealed]
  const stolen = heldAt(0, first)!
  await world.unseat(0)
  await world.comes(() => world.reshares === 2)
  for (const one of [first, second]) {
    const { k, members } = contribution(one).committee
    expect([k, members.length, members.includes(didOf(0))]).toEqual([3, 5, false])
    await eventually(() => holders(one).length === 5 && heldAt(0, one) === undefined)
  }
  expect(await world.firstChunk(first)).toContain('"id":"e0f')
  const fresh = [1, 2, 3].map((i) => heldAt(i, first)!)
  expect(openWith(first, fresh)).toContain('"id":"e0f')
  // in the seat that it had, beside two that are in force
  expect(() => openWith(first, [...fresh.filter(({ x }) => x !== stolen.x).slice(0, 2), stolen])).toThrow(
    expect.objectContaining({ code: 'CHUNK_UNREADABLE' }),
  )
})

it('deals shares anew when they are a month old, once, also where the service is stopped in the middle of it', async () => {
  const [first, second] = (await world.offer(2)) as [Sealed, Sealed]
  const before = heldAt(2, first)!
  let stopped: Promise<void> | undefined
  world.onPrepared = () => {
    stopped ??= world.stopDao()
  }
  world.pass(31 * DAY)
  await world.comes(() => stopped !== undefined)
  await stopped
  expect(world.reshares).toBe(0)
  world.onPrepared = () => undefined
  await world.startDao()
  await world.comes(() => said('reshare-finished').length === 1)
  expect(world.reshares).toBe(1)
  expect(said('reshare-finished').map(({ outcome }) => outcome)).toEqual(['logged'])
  // the other one in its turn, and not at the same moment
  await world.comes(() => world.reshares === 2)
  for (const one of [first, second]) await eventually(() => generations(one).every((generation) => generation === 1))
  expect(heldAt(2, first)!.share).not.toEqual(before.share)
  expect(await world.firstChunk(second)).toContain('"id":"e0f')
  // a month later once more; had one been dealt twice meanwhile, it were three
  world.pass(31 * DAY)
  await world.comes(() => [first, second].every((one) => generations(one).every((generation) => generation === 2)))
  expect(world.reshares).toBe(4)
})

it('misses a keyholder that keeps its seat and is silent for a day, until it is back', async () => {
  const [one] = (await world.offer(1)) as [Sealed]
  await world.stopValidator(1)
  await world.hours(24)
  expect(said('keyholder-silent')).toEqual([])
  await world.hours(2)
  await eventually(() => said('custody-alarm').length === 1)
  expect(said('keyholder-silent')).toMatchObject([{ account: didOf(1), contributions: 1, spare: 1 }])
  expect(said('custody-alarm')).toEqual([{ contributions: 1, alarm: 1, lost: 0 }])
  expect(world.operator.custody()).toMatchObject({ contributions: { sound: 0, alarm: 1, lost: 0 }, reshares: 0 })
  const [{ since }] = said('keyholder-silent') as [{ since: number }]
  expect(world.operator.custody().keyholders.filter(({ silentSince }) => silentSince !== null)).toEqual([
    { account: didOf(1), seated: true, contributions: 1, silentSince: since },
  ])
  await world.startValidator(1)
  await world.comes(() => said('keyholder-back').length === 1 && said('custody-sound').length === 1)
  expect(world.operator.custody()).toMatchObject({ contributions: { sound: 1, alarm: 0, lost: 0 }, reshares: 0 })
  expect(holders(one)).toEqual([0, 1, 2, 3, 4])
})

it('gives the shares of one that is silent for a week to another, with no fewer to read them', async () => {
  const [one] = (await world.offer(1)) as [Sealed]
  await world.stopValidator(1)
  await world.hours(24 * 7 - 2)
  expect(world.reshares).toBe(0)
  await world.hours(4)
  await world.comes(() => world.reshares === 1)
  const { k, members } = contribution(one).committee
  expect([k, members.length, members.includes(didOf(1))]).toEqual([3, 5, false])
  // it lets go of what it has as soon as it reads the log
  await world.startValidator(1)
  await eventually(() => heldAt(1, one) === undefined)
  expect(await world.firstChunk(one)).toContain('"id":"e0f')
})
