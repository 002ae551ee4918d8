import { beforeAll, describe, expect, it } from 'vitest'
import { explain } from '../../dao/ledger/index.ts'
import { fabricating, forging, honest, type SimContributor, simulate } from '../../sim/index.ts'

const peers = Array.from({ length: 12 }, (_, i) => honest(`peer-${i + 1}`))

interface Played {
  /** Points by name in the first epoch, when everybody still has gathered the same pages in every run. */
  first: Map<string, number>
  /** Over all epochs, in ppm. */
  share: number
  reasons: string
}

/** Twelve honest peers and one more, forty pages each; the same world whatever the thirteenth does. */
async function play(last: SimContributor, epochs: number): Promise<Played> {
  const first = new Map<string, number>()
  let reasons = ''
  const result = await simulate({
    seed: 1,
    nodes: 13,
    validators: 4,
    epochs,
    pages: 40,
    cast: [...peers, last],
    onEpoch: (epoch, { results, state, names }) => {
      if (epoch === 1)
        for (const { role, account, points } of results[0]?.rows ?? [])
          if (role === 'contributor') first.set(names.get(account) ?? account, Number(points))
      const account = [...names].find(([, name]) => name === last.name)?.[0] ?? ''
      reasons =
        explain(state, account)
          ?.reasons.map(({ text }) => text)
          .join('\n') ?? ''
    },
  })
  const share = result.contributors.find(({ name }) => name === last.name)?.sharePpm ?? 0
  return { first, share, reasons }
}

/** Largest relative change of an honest peer's part of what honest peers earned, in percent. */
function largestMove(before: Played, after: Played): number {
  // a batch that came too late for one run's cut counts in the next epoch there: such a peer cannot be compared
  const counted = peers.filter(({ name }) => before.first.get(name) && after.first.get(name))
  expect(counted.length).toBeGreaterThanOrEqual(10)
  const sum = ({ first }: Played): number => counted.reduce((total, { name }) => total + (first.get(name) ?? 0), 0)
  return Math.max(
    ...counted.map(({ name }) => {
      const [was, is] = [(before.first.get(name) ?? 0) / sum(before), (after.first.get(name) ?? 0) / sum(after)]
      return Math.abs(is / was - 1) * 100
    }),
  )
}

describe('a contributor whose every tenth page is not true', () => {
  let honestly: Played
  beforeAll(async () => {
    honestly = await play(honest('cheat'), 1)
  })

  it('earns nothing where its record does not follow from its evidence: one replay proves it', async () => {
    const forged = await play(forging('cheat'), 1)
    expect(honestly.share).toBeGreaterThan(60_000)
    expect(forged.share).toBe(0)
    expect(forged.reasons).toMatch(/revoked by the proof of a failed D3/)
    expect(forged.reasons).toMatch(/proven fraud D3 of row \d+: the page gives another record/)
    expect(largestMove(honestly, forged)).toBeLessThan(2)
  })

  it('loses trust where it invents the evidence too, and is paid by what is left: its pages are not there when they are fetched again', async () => {
    const invented = await play(fabricating('cheat'), 3)
    // 4 fails in 40 draws at the starting base of 3 % leave 615,770 ppm (incentives 3.2), and m climbs 125,000 an epoch at most. Over five epochs
    // the share came to 0.57, 0.36 and 0.30 of the honest one on seeds 1, 2 and 3: forty draws a validator do not bring it to nothing
    expect(Number(/epoch 1: fails .* credibility 1000000 -> (\d+)$/m.exec(invented.reasons)?.[1])).toBeLessThanOrEqual(615_770)
    expect(invented.share).toBeLessThan((honestly.share * 3) / 4)
    expect(invented.reasons).toMatch(/epoch 1: fails \d+ ppm .* beyond the dead zone; credibility 1000000 -> \d{1,6}$/m)
    expect(invented.reasons).toMatch(/fails T1/)
    expect(largestMove(honestly, invented)).toBeLessThan(2)
  })
})
