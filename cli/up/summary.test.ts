import { afterEach, describe, expect, it, vi } from 'vitest'
import type { LedgerState } from '../../dao/ledger/index.ts'
import { rawCid, utf8 } from '../../schemas/wire/index.ts'
import { LedgerWorld, pages } from '../../tests/unit/ledger-world.ts'
import { Ending, outcomesOf } from './ending.ts'
import { ProgressDisplay } from './progress.ts'
import { summarize, summaryText } from './summary.ts'

function playedLedger(): LedgerWorld {
  const world = new LedgerWorld({ charter: { vestingEpochs: 0 } })
  world.playEpoch(world.contributors.map((signer, i) => [signer, pages(`${i}`, 2 + i)]))
  return world
}
const released = (state: LedgerState): LedgerState => ({
  ...state,
  releases: [
    { release: rawCid(utf8('release')), name: 'r', throughEpoch: 1, previous: null, shares: new Uint8Array(32), records: 7, index: 9 },
  ] as LedgerState['releases'],
})
const where = { home: '/home/up/1', api: 'http://127.0.0.1:8080' }

describe('the table of shares', () => {
  it('has a row for each contributor, shares to the last millionth, and where everything lies', () => {
    const { state, contributors } = playedLedger()
    const summary = summarize(released(state), new Map(contributors.map(({ did }, i) => [did, `contributor-${i + 1}`])), where)
    expect(summary.contributors.map(({ name, records }) => [name, records])).toEqual(
      contributors.map((_, i) => [`contributor-${i + 1}`, 2 + i]),
    )
    expect(summary.contributors.reduce((sum, { sharePpm }) => sum + sharePpm, 0)).toBe(1_000_000)
    const lines = summaryText(summary).split('\n')
    const width = (lines[1] as string).length
    expect(lines[1]).toMatch(/^contributor +records +credibility +points +share/)
    for (const [i, line] of lines.slice(2, 2 + contributors.length).entries()) {
      expect(line).toMatch(new RegExp(`^contributor-${i + 1} +${2 + i} +100\\.00 % +\\d+ +\\d+\\.\\d\\d %`))
      expect(line).toHaveLength(width)
    }
    const text = lines.join('\n')
    expect(text).toContain(`\nledger    ${state.id}  (local rules)\n`)
    expect(text).toMatch(/\nepoch {5}1 {2}root [0-9a-f]{16}… {2}final\n/)
    expect(text).toContain(`\nrelease   ${rawCid(utf8('release'))}  7 records\nparquet   /home/up/1/dao/releases/`)
    expect(text).toContain('\napi       http://127.0.0.1:8080\nhome      /home/up/1\n\nTry next:\n')
    expect(text).toContain('quern -- ledger audit /home/up/1/dao/log')
  })

  it('says that there is no release where nothing was left of it, and has no query to try', () => {
    const text = summaryText(summarize(playedLedger().state, new Map(), where))
    expect(text).toContain('\nrelease   none: nothing to release\n')
    expect(text).not.toContain('dataset query')
  })
})

describe('what ends the wait', () => {
  const take = (ending: Ending, what: string, epoch: number, ...names: string[]): void => {
    for (const name of names) ending.take(name, { what, epoch })
  }

  it('is a release of so many epochs, or that nothing is left to release', () => {
    const { state } = playedLedger()
    const ending = new Ending({ contributors: 3, epochs: 1 })
    expect(ending.of(state)).toBeUndefined()
    expect(ending.of(released(state))).toEqual({ what: 'released' })
    expect(new Ending({ contributors: 3, epochs: 2 }).of(released(state))).toBeUndefined()
    take(ending, 'nothing-to-release', 1, 'dao')
    expect([ending.isNear, ending.of(state)]).toEqual([true, { what: 'nothing-to-release', epoch: 1 }])
  })

  it('is an epoch in which every contributor gathered nothing, and nothing of an earlier one is left', () => {
    const world = new LedgerWorld()
    world.advanceTo('gather')
    const ending = new Ending({ contributors: 2, epochs: 1 })
    take(ending, 'nothing-gathered', 1, 'a', 'a')
    expect([ending.isNear, ending.of(world.state)]).toEqual([false, undefined])
    take(ending, 'nothing-gathered', 1, 'b')
    expect([ending.isNear, ending.of(world.state)]).toEqual([true, { what: 'nothing-gathered', epoch: 1 }])
    world.commit(world.contributors[0]!, pages('late', 1))
    expect(ending.of(world.state)).toBeUndefined()
  })

  it('waits for what becomes of the epochs before', () => {
    const world = playedLedger()
    world.advanceTo('gather')
    const ending = new Ending({ contributors: 1, epochs: 2 })
    take(ending, 'nothing-gathered', 2, 'a')
    expect([world.state.epoch?.number, ending.of(world.state)]).toEqual([2, undefined])
    expect(ending.of(released(world.state))).toEqual({ what: 'nothing-gathered', epoch: 2 })
    take(ending, 'nothing-to-release', 1, 'dao')
    expect(ending.of(world.state)).toEqual({ what: 'nothing-gathered', epoch: 2 })
  })

  it('counts a contributor whose process ended as one that gathers nothing', () => {
    const world = new LedgerWorld()
    world.advanceTo('gather')
    const ending = new Ending({ contributors: 2, epochs: 1 })
    ending.leave('a')
    expect([ending.isNear, ending.of(world.state)]).toEqual([false, undefined])
    take(ending, 'nothing-gathered', 1, 'a')
    expect([ending.isNear, ending.of(world.state)]).toEqual([false, undefined])
    take(ending, 'nothing-gathered', 1, 'b')
    expect([ending.isNear, ending.of(world.state)]).toEqual([true, { what: 'nothing-gathered', epoch: 1 }])
  })

  it('names no outcome where no page was asked for', async () => {
    expect(await outcomesOf(import.meta.dirname, 1)).toEqual([])
  })
})

describe('the live display', () => {
  afterEach(() => vi.restoreAllMocks())

  function shown(live: boolean): { display: ProgressDisplay; said: () => string; pass: (ms: number) => void } {
    let now = 0
    let said = ''
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      said += String(text)
      return true
    })
    return { display: new ProgressDisplay({ live, now: () => now }), said: () => said, pass: (ms) => void (now += ms) }
  }

  it('prints a line for each phase, with the time since the start', () => {
    const { display, said, pass } = shown(false)
    pass(2400)
    display.take('dao', { what: 'phase', epoch: 1, phase: 'gather' })
    display.take('contributor-1', { what: 'sealed', epoch: 1, records: 5 })
    pass(600)
    display.take('dao', { what: 'final', epoch: 1 })
    display.take('dao', { what: 'released', epoch: 1, release: 'bafy' })
    display.take('dao', { what: 'nothing-to-release', epoch: 2 })
    display.end()
    expect(said().split('\n')).toEqual([
      '   2.4 s  epoch 1  gather   crawl, structure, seal, commit',
      '   3.0 s  epoch 1 is final: a quorum of validators attested the same root',
      '   3.0 s  release bafy',
      '   3.0 s  no record of it is left to release',
      '',
    ])
  })

  it('counts on a terminal what roles report, in one line that the next phase takes away', () => {
    const { display, said } = shown(true)
    display.take('contributor-1', { what: 'sealed', epoch: 1, records: 5 })
    display.take('contributor-2', { what: 'sealed', epoch: 1, records: 7 })
    display.take('contributor-3', { what: 'nothing-gathered', epoch: 1, records: 0 })
    expect(said()).toContain('sealed 12, nothing-gathered 1  (contributor-3)')
    expect(said()).not.toContain('\n')
    display.take('dao', { what: 'phase', epoch: 1, phase: 'reveal' })
    expect(said()).toContain('\r\u001b[K   0.0 s  epoch 1  reveal')
    display.take('contributor-1', { what: 'revealed', epoch: 1, records: 5 })
    expect(said().split('\u001b[K').at(-1)).not.toContain('sealed')
    display.end()
    expect(said().at(-1)).toBe('\n')
  })
})
