import { expect, it } from 'vitest'
import { type DrawnOnHosts, isCut, keptOf, leftOutCuts } from './index.ts'

/** `draws` of each validator: hosts, of which those in capitals were left out. */
const cutsOf = (...draws: string[][]) => {
  const reports = draws.map((hosts, i): DrawnOnHosts => {
    const on = (name: string) => ({ host: `${name.toLowerCase()}.org`, isLeftOut: name !== name.toLowerCase() })
    return { validator: `v${i}`, draws: hosts.map(on) }
  })
  return leftOutCuts(reports, () => 1)
}

it('takes of a host that most drew what was left out there, and of no other', () => {
  const cuts = cutsOf(['A', 'a', 'b'], ['A', 'a', 'b'], ['b'])
  expect([...cuts.own]).toEqual([
    ['a.org', 500_000],
    ['b.org', 1_000_000],
  ])
  expect([cuts.others, isCut(cuts), keptOf(cuts, 'www.a.org')]).toEqual([1_000_000, true, 500_000])
})

it('takes of all hosts together what was left out of those that few drew, so that nobody is paid for the many that none did', () => {
  const cuts = cutsOf(['A', 'b', 'z'], ['C', 'd', 'z'], ['E', 'f', 'z'])
  expect([...cuts.own]).toEqual([['z.org', 1_000_000]])
  for (const host of ['a.org', 'b.org', 'never-drawn.org']) expect(keptOf(cuts, host)).toBe(500_000)
})

it('takes nothing by the word of less than half, also where nobody else drew, and nothing where nothing was left out', () => {
  for (const draws of [
    [['A', 'B'], ['c'], ['d']],
    [['A'], ['A'], ['a'], ['a']],
    [['A'], ['A'], ['A'], ['a'], ['b'], ['b'], ['b']],
    [['a'], ['b']],
    [],
  ])
    expect(isCut(cutsOf(...draws))).toBe(false)
})
