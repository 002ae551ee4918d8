import { describe, expect, it } from 'vitest'
import { LedgerWorld, pages } from '../../tests/unit/ledger-world.ts'
import { audit } from '../audit/index.ts'
import { createLedger, sequencerOf } from './index.ts'

/** A sequencer that stalls in the middle of epoch 2, with entries that no quorum saw. */
function stalled(): { world: LedgerWorld; certified: number } {
  const world = new LedgerWorld()
  world.playEpoch([[world.contributors[0]!, pages('first', 3)]])
  world.advance('gather')
  world.commit(world.contributors[1]!, pages('second', 4))
  const certified = world.state.size
  world.ok(world.operator, 'anchor', { target: 'nobody saw this', proof: new Uint8Array() })
  return { world, certified }
}

describe('a takeover', () => {
  const { world, certified } = stalled()
  const before = world.state.results.map((result) => result.root)

  const taken = world.takeOver(certified, world.validators.slice(0, 3))

  it('goes on exactly where the largest certified checkpoint ends', () => {
    expect(taken.invalid).toBeNull()
    expect(world.state).toMatchObject({ term: 1, termStart: certified, sequencer: sequencerOf(world.state, 1), size: certified + 1 })
    expect(world.state.results.map((result) => result.root)).toEqual(before)
    expect(world.state.statements).toEqual([])
    expect(world.state.epoch).toMatchObject({ number: 2, phase: 'gather' })
  })

  it('finishes the epoch under notes of the new term, stated by its sequencer, and the operator writes on', () => {
    const old = world.oldLogs[0]!.note
    expect(world.ledger.check(world.bytes(world.runner, 'epoch.phase', { epoch: 2, phase: 'reveal', note: old }))).toMatchObject({
      ok: false,
    })
    world.advance('reveal')
    world.testAndClose()
    expect(world.state.results.at(-1)).toMatchObject({ epoch: 2, final: true })
    world.ok(world.operator, 'anchor', { target: 'the operator is a member like any other', proof: new Uint8Array() })
  })

  it('replays from the logs of both terms, the first only up to its end', async () => {
    const logs = [await world.store(0), await world.store(1)]
    const report = await audit({ log: logs, files: world.files, ledgerId: world.id })
    expect(report.problems).toEqual([])
    expect(report).toMatchObject({ ok: true, size: world.state.size })
    expect(report.epochs.map((one) => one.matches)).toEqual([true, true])
    expect(report.state.results.map((result) => result.root)).toEqual(world.state.results.map((result) => result.root))
    const alone = await audit({ log: logs[1]!, files: world.files })
    expect(alone.ok).toBe(false)
  })
})

describe('a takeover that does not hold', () => {
  it('is refused with too few votes, at another place, and twice', () => {
    const { world, certified } = stalled()
    expect(() => world.takeOver(certified, world.validators.slice(0, 2))).toThrow(expect.objectContaining({ code: 'NO_QUORUM' }))
    const good = stalled().world
    good.takeOver(certified)
    const entry = good.entries.at(-1)!
    expect(good.ledger.check(entry)).toMatchObject({ ok: false })
    // the same certificate over a history that goes one entry further, or one less far
    for (const kept of [certified - 1, certified + 1]) {
      const other = createLedger({ files: good.files })
      for (const bytes of good.oldLogs[0]!.entries.slice(0, kept)) other.apply(bytes)
      expect(other.check(entry)).toMatchObject({ ok: false, code: 'WRONG_PLACE' })
    }
  })
})
