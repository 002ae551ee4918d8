import { describe, expect, it } from 'vitest'
import { honest, type SimNetwork, simulate } from '../../sim/index.ts'

const peers = ['peer-1', 'peer-2', 'peer-3', 'peer-4'].map((name) => honest(name))
const RESTART_MS = 700

/** Kills a node a few times at moments that a seed chooses, and starts it again over what it kept. */
function killNowAndThen(network: SimNetwork, name: string, times: number): void {
  const { world } = network
  const chance = world.randomOf(`killer of ${name}`)
  for (let i = 0; i < times; i++) {
    world.schedule(1_500 + i * 6_000 + chance.int(5_000), 'kill', () => {
      network.crash(name)
      world.schedule(RESTART_MS, 'restart', () => void network.restart(name))
    })
  }
}

/** Gives how many receipts were looked at: the story needs some to be about. */
async function playWith(victim: string, seed: number): Promise<number> {
  let receipts = 0
  await simulate({
    seed,
    nodes: 4,
    validators: 4,
    epochs: 2,
    pages: 12,
    cast: peers,
    onStart: (network) => killNowAndThen(network, victim, 4),
    onEpoch: (epoch, { state, results, contributors, validators }) => {
      const batches = [...state.batches.values()]
      // nothing counted twice: one batch for one sequence number, one settlement each, and no entry that the fold had to refuse
      expect(new Set(batches.map(({ contributor, manifest }) => `${contributor} ${manifest.sequence}`)).size).toBe(batches.length)
      expect(state.invalid).toEqual([])
      expect(state.frauds).toEqual([])
      // nothing acknowledged lost: what a contributor has a receipt for is in the log and settled, or still on its way to a later epoch
      for (const contributor of contributors.values()) {
        for (const note of contributor.batches) {
          if (note.receipt === null) continue
          receipts++
          const batch = state.batches.get(note.manifestCid.toString())
          expect(batch?.dropped).toBe(false)
          expect(batch?.voided).toBeNull()
        }
      }
      expect(results.at(-1)?.final).toBe(true)
      // everybody who follows comes to the same root
      for (const validator of validators.values())
        expect(validator.state.results.find((one) => one.epoch === epoch)?.root ?? results[epoch - 1]?.root).toEqual(
          results[epoch - 1]?.root,
        )
    },
  })
  return receipts
}

describe('killed in the middle of an epoch and started again over what it kept,', () => {
  it.each([1, 2])('a contributor loses nothing acknowledged and is counted once (seed %i)', async (seed) => {
    expect(await playWith('peer-1', seed)).toBeGreaterThan(0)
  })
  it.each([1, 2])('a validator goes on where it was (seed %i)', async (seed) => {
    expect(await playWith('validator-1', seed)).toBeGreaterThan(0)
  })
  it.each([1, 2])('the DAO keeps its log and every promise (seed %i)', async (seed) => {
    expect(await playWith('dao', seed)).toBeGreaterThan(0)
  })
})
