/** What a role's log says of the pool's shares: once for each change, and of old ones once a day. */
import { expect, it } from 'vitest'
import { type Logger, silent } from '../../core/effects/index.ts'
import { PoolLedgerWorld } from '../../tests/unit/pool-ledger-world.ts'
import { custodyHealth } from '../ledger/index.ts'
import { CustodyAlarm } from './index.ts'

function watched() {
  const world = new PoolLedgerWorld()
  const person = world.person('ada')
  world.gatherPool(() => [world.offer(person)])
  const said: unknown[] = []
  const note = (level: string) => (event: string, detail?: object) => void said.push([level, event, detail])
  const logger: Logger = { ...silent, info: note('info'), warn: note('warn') }
  const alarm = new CustodyAlarm(logger)
  const look = (now = world.now, gone?: ReadonlySet<string>): unknown[] => {
    alarm.look(world.state, now, gone)
    return said.splice(0)
  }
  const seat = (change: { add?: number[]; remove?: number[] }): void => {
    const of = (list: number[] = []) => list.map((i) => world.validators[i]!)
    const remove = of(change.remove).map(({ signer }) => signer.did)
    world.ok(world.operator, 'roster', { add: of(change.add).map(({ statement }) => statement), remove })
  }
  return { world, look, seat }
}

it('is due one loss before the last that can be borne', () => {
  expect([5, 4, 3, 2].map((live) => custodyHealth({ k: 3, live }))).toEqual(['sound', 'alarm', 'alarm', 'lost'])
})

it('says when seats near the number needed, when too few are left, and when they are back', () => {
  const { look, seat } = watched()
  expect(look()).toEqual([])
  seat({ remove: [0] })
  expect(look()).toEqual([['warn', 'custody-alarm', { contributions: 1, alarm: 1, lost: 0 }]])
  expect(look()).toEqual([])
  seat({ remove: [1] })
  expect(look()).toEqual([['warn', 'custody-alarm', { contributions: 1, alarm: 1, lost: 0 }]])
  seat({ remove: [2] })
  expect(look()).toEqual([['warn', 'custody-alarm', { contributions: 1, alarm: 0, lost: 1 }]])
  seat({ add: [0, 1, 2] })
  expect(look()).toEqual([['info', 'custody-sound', { contributions: 1, alarm: 0, lost: 0 }]])
})

it('counts a keyholder that keeps its seat and is silent as one that is gone', () => {
  const { look, world } = watched()
  const [quiet, other] = world.validators.map(({ signer }) => signer.did) as [string, string]
  expect(look(world.now, new Set([quiet]))).toEqual([['warn', 'custody-alarm', { contributions: 1, alarm: 1, lost: 0 }]])
  expect(look(world.now, new Set([quiet, other, world.validators[2]!.signer.did]))).toEqual([
    ['warn', 'custody-alarm', { contributions: 1, alarm: 0, lost: 1 }],
  ])
  expect(look(world.now, new Set())).toEqual([['info', 'custody-sound', { contributions: 1, alarm: 0, lost: 0 }]])
})

it('reminds of shares that nobody dealt anew a week after they should, once a day', () => {
  const { world, look } = watched()
  const dealt = [...world.state.contributions.values()][0]!.dealtAt
  expect(dealt).toBeGreaterThan(0)
  const day = 86_400
  expect(look(dealt + 38 * day)).toEqual([])
  const reminder = ['warn', 'shares-are-old', { contributions: 1, days: 38 }]
  expect(look(dealt + 38 * day + 1)).toEqual([reminder])
  expect(look(dealt + 39 * day)).toEqual([])
  expect(look(dealt + 39 * day + 1)).toEqual([reminder])
})
