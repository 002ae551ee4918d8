import { describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { fileCid, type Payload, utf8 } from '../../schemas/wire/index.ts'
import { World } from '../../sim/world/index.ts'
import { LedgerWorld, pages } from '../../tests/unit/ledger-world.ts'
import { Releases } from './releases.ts'

type Cut = (through: number) => Promise<Payload<'release'> | undefined>

/** A ledger with one final epoch, and releases that are cut as `cut` says. */
function scene({ cut, vestingEpochs = 0, holdsAll = true }: { cut: Cut; vestingEpochs?: number; holdsAll?: boolean }) {
  const ledger = new LedgerWorld({ charter: { vestingEpochs } })
  const play = (): void => void ledger.playEpoch([[ledger.contributors[0]!, pages(`page-${ledger.state.size}`, 2)]])
  play()
  const world = new World({ seed: 1 })
  const log: string[] = []
  const releases = new Releases({
    cut: (through) => {
      log.push(`${world.ageMs} cut ${through}`)
      return cut(through)
    },
    state: () => ledger.state,
    holdsAll: async () => holdsAll,
    write: async (type, payload) => void log.push(`${world.ageMs} ${type} ${(payload as Payload<'release'>).throughEpoch}`),
    clock: world.clock,
    logger: silent,
    signal: new AbortController().signal,
    onProgress: ({ what }) => void log.push(`${world.ageMs} ${what}`),
  })
  /** Steps once a second, as the role does. */
  const steps = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      releases.tend()
      await world.settle(world.clock.sleep(1000))
    }
  }
  return { log, play, steps }
}

const entry = (throughEpoch: number): Payload<'release'> => ({
  release: fileCid(utf8('release')),
  name: `release-${throughEpoch}`,
  throughEpoch,
  previous: null,
  shares: new Uint8Array(32),
  records: 1,
})

describe('releases', () => {
  it('are cut once for each final epoch, through the last one that has vested', async () => {
    const { log, play, steps } = scene({ cut: async (through) => entry(through), vestingEpochs: 1 })
    await steps(3)
    play()
    await steps(3)
    expect(log).toEqual(['0 final', '3000 final', '3000 cut 1', '3000 release 1', '3000 released'])
  })

  it('are tried again when they fail, ever less often', async () => {
    let tries = 0
    const { log, steps } = scene({
      cut: async (through) => {
        if (++tries < 3) throw new Error('no space')
        return entry(through)
      },
    })
    await steps(300)
    expect(log).toEqual(['0 final', '0 cut 1', '60000 cut 1', '180000 cut 1', '180000 release 1', '180000 released'])
  })

  it('wait for a batch that is still on its way, but only as long as reveals may take', async () => {
    const { log, steps } = scene({ cut: async () => undefined, holdsAll: false })
    await steps(3700)
    // the test's rules give reveals an hour
    expect(log).toEqual(['0 final', '3600000 cut 1', '3600000 nothing-to-release'])
  })

  it('hold up no step while they are cut', async () => {
    const { log, steps } = scene({ cut: () => new Promise(() => {}) })
    await steps(5)
    expect(log).toEqual(['0 final', '0 cut 1'])
  })
})
