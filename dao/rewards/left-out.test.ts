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

it('takes all of a host where most drew and could look at nothing, and no other for it', () => {
  const cuts = cutsOf(['A', 'A', 'b'], ['A', 'b', 'b'], ['b'])
  expect([[...cuts.closed], cuts.others, isCut(cuts)]).toEqual([['a.org'], 1_000_000, true])
  expect(['www.a.org', 'b.org'].map((host) => keptOf(cuts, host))).toEqual([0, 1_000_000])
})

it('takes of all other hosts together what was left out of them, so that nobody is paid for the many that none drew', () => {
  const cuts = cutsOf(['A', 'b', 'z'], ['C', 'd', 'z'], ['E', 'f', 'z'])
  for (const host of ['a.org', 'b.org', 'z.org', 'never-drawn.org']) expect(keptOf(cuts, host)).toBe(666_667)
})

it('pays for nothing invented that is spread over hosts of which each validator draws one or two records', () => {
  // most drew a, b and c, and on none of them did most meet what nobody may look at
  const cuts = cutsOf(['A', 'b', 'c', 'd'], ['a', 'B', 'c', 'd'], ['a', 'b', 'C', 'd'])
  for (const host of ['a.org', 'b.org', 'c.org', 'd.org']) expect(keptOf(cuts, host)).toBe(750_000)
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
