import { describe, expect, it } from 'vitest'
import type { EpochResult } from '../../dao/ledger/index.ts'
import { honest, type SimNetwork, simulate, type SimulateOptions, type SimulateResult } from '../../sim/index.ts'

const peers = Array.from({ length: 5 }, (_, i) => honest(`peer-${i + 1}`))
const play = (seed: number, options: Partial<SimulateOptions> = {}): Promise<SimulateResult> =>
  simulate({ seed, nodes: 5, validators: 4, epochs: 2, pages: 12, cast: peers, ...options })

/** Rows that earned, and whose records are not those of the batches settled in just that epoch: there must be none. */
function countedTwice(network: SimNetwork): string[] {
  const { state } = network
  const perEpoch = new Map<string, number>()
  for (const { contributor, settled, manifest, voided } of state.batches.values()) {
    if (settled === null || voided !== null) continue
    const key = `${settled} ${contributor}`
    perEpoch.set(key, (perEpoch.get(key) ?? 0) + manifest.count)
  }
  return state.results.flatMap(({ epoch, rows }: EpochResult) =>
    rows
      .filter(
        ({ role, account, records, points }) => role === 'contributor' && points !== '0' && perEpoch.get(`${epoch} ${account}`) !== records,
      )
      .map(({ account }) => `${epoch} ${network.nameOf(account)}`),
  )
}

const sequencesTwice = (network: SimNetwork): number => {
  const batches = [...network.state.batches.values()]
  return batches.length - new Set(batches.map(({ contributor, manifest }) => `${contributor} ${manifest.sequence}`)).size
}

function soundAfter(network: SimNetwork): void {
  expect(countedTwice(network)).toEqual([])
  expect(sequencesTwice(network)).toBe(0)
  expect(network.state.invalid).toEqual([])
  expect(network.state.frauds).toEqual([])
}

describe('an epoch closes, and nobody is counted twice,', () => {
  it('when a validator is cut off for a while and comes back', async () => {
    let seats = 0
    const result = await play(3, {
      onStart: (network) => {
        const { world } = network
        const rest = ['dao', 'validator-2', 'validator-3', 'validator-4', ...peers.map(({ name }) => name)]
        const groups = [['validator-1'], rest].map((names) => names.map((name) => network.peerOf(name)))
        world.schedule(2_000, 'cut', () => world.network.partition(groups))
        world.schedule(50_000, 'mend', () => world.network.heal())
      },
      onEpoch: (_, network) => {
        soundAfter(network)
        seats = network.results.at(-1)?.rows.filter(({ role }) => role === 'validator').length ?? 0
      },
    })
    expect(seats).toBe(4)
    expect(result.roots).toHaveLength(2)
    expect(result.contributors.every(({ points }) => points !== '0')).toBe(true)
  })

  it('when one validator in four falls silent for good', async () => {
    const result = await play(4, {
      onStart: (network) => network.world.schedule(3_000, 'silence', () => network.crash('validator-4')),
      onEpoch: (_, network) => soundAfter(network),
    })
    expect(result.roots).toHaveLength(2)
    expect(result.contributors.every(({ points }) => points !== '0')).toBe(true)
  })
})

it('a validator that fails everybody in its reports moves no honest share', async () => {
  const options = { epochs: 1, pages: 30 }
  const [honestly, lied] = [
    await play(5, options),
    await play(5, {
      ...options,
      tamper: {
        'validator-2': (report) => ({
          ...report,
          contributions: report.contributions.map((one) => ({
            ...one,
            results: one.results.map((result) => ({ ...result, pass: false, check: 'T1' as const })),
          })),
        }),
      },
    }),
  ]
  for (const [i, one] of lied.contributors.entries()) {
    const before = honestly.contributors[i]?.sharePpm ?? 0
    expect(Math.abs(one.sharePpm - before), one.name).toBeLessThanOrEqual(before / 50)
    expect(one.note).toBeNull()
  }
})
