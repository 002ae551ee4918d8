import { describe, expect, it } from 'vitest'
import { LedgerWorld, pages } from '../../tests/unit/ledger-world.ts'
import { charter as charterShape, cborCid, type CharterInput, encode, PHASES } from '../../schemas/wire/index.ts'
import { charterOf, mayAdvance, phaseOf } from './index.ts'

const each = (limits: object): CharterInput['epoch'] =>
  Object.fromEntries([...PHASES.map((phase) => [phase, limits]), ['leases', 'none']]) as CharterInput['epoch']

describe('a phase', () => {
  it('ends when enough seconds passed by the median of the cosignatures, and a minority cannot hurry it', () => {
    const world = new LedgerWorld({ charter: { epoch: each({ minEntries: 1_000_000, minSeconds: 600, maxSeconds: 900 }) } })
    expect(mayAdvance(world.state, '')).toMatchObject({ ok: false, code: 'BAD_NOTE' })
    world.advance('gather')
    const start = world.now
    expect(phaseOf(world.state)).toMatchObject({ epoch: 1, phase: 'gather', time: start, next: { epoch: 1, phase: 'reveal' } })
    expect(mayAdvance(world.state, world.note({ at: start + 599 }))).toMatchObject({ ok: false, code: 'TOO_EARLY' })
    expect(mayAdvance(world.state, world.note({ at: start + 600 }))).toEqual({
      ok: true,
      next: { epoch: 1, phase: 'reveal' },
      time: start + 600,
    })
    // one of four says it is next year: the lower median does not care
    world.now = start
    const hurried = world.noteAt([start + 31_000_000, start + 5, start + 5, start + 5])
    expect(mayAdvance(world.state, hurried)).toMatchObject({ ok: false, code: 'TOO_EARLY' })
  })

  it('ends after enough entries, whatever the clock says', () => {
    const world = new LedgerWorld({ charter: { epoch: each({ minEntries: 2, minSeconds: 600, maxSeconds: 900 }) } })
    world.advance('gather')
    expect(mayAdvance(world.state, world.note()).ok).toBe(false)
    for (let i = 0; i < 2; i++) world.ok(world.operator, 'anchor', { target: `${i}`, proof: new Uint8Array() })
    expect(mayAdvance(world.state, world.note()).ok).toBe(true)
  })

  it('never begins before the one it follows, even when witnesses’ clocks run back', () => {
    const world = new LedgerWorld()
    world.advance('gather')
    const { time } = phaseOf(world.state)
    expect(mayAdvance(world.state, world.note({ at: time - 1000 }))).toMatchObject({ ok: true, time })
  })

  it('waits for the beacon preimages of a quorum, but not for ever', () => {
    const world = new LedgerWorld()
    for (const phase of ['gather', 'reveal', 'beacon'] as const) world.advance(phase)
    expect(mayAdvance(world.state, world.note())).toMatchObject({ ok: false, code: 'NO_BEACON' })
    for (const validator of world.validators.slice(0, 3)) world.openBeacon(validator)
    expect(mayAdvance(world.state, world.note()).ok).toBe(true)
    const silent = new LedgerWorld()
    for (const phase of ['gather', 'reveal', 'beacon'] as const) silent.advance(phase)
    expect(mayAdvance(silent.state, silent.note({ at: silent.now + 3600 })).ok).toBe(true)
  })

  it('opens the first epoch when enough validators and contributors are there', () => {
    const rules = { admission: 'open', independence: 'none', minimum: 2 } as const
    expect(mayAdvance(new LedgerWorld({ validators: 1, charter: { validators: rules } }).state, '')).toMatchObject({
      code: 'TOO_FEW_VALIDATORS',
    })
    const empty = new LedgerWorld({ contributors: [], charter: { contributors: { minimum: 1, quota: null } } })
    expect(mayAdvance(empty.state, empty.note())).toMatchObject({ code: 'TOO_FEW_CONTRIBUTORS' })
  })

  it('goes on the operator’s word alone while nobody is seated: still a verifiable log', () => {
    const world = new LedgerWorld({ validators: 0 })
    const [ann] = world.contributors
    world.playEpoch([[ann!, pages('ann', 2)]])
    expect(world.state.results[0]).toMatchObject({ final: true, quorum: 0 })
    expect(world.state.results[0]!.rows).toMatchObject([{ account: ann!.did, points: '200000' }])
  })
})

describe('a charter version', () => {
  it('counts from the epoch it names, and batches of an earlier one keep their rules', () => {
    const world = new LedgerWorld()
    const [ann] = world.contributors
    world.playEpoch([[ann!, pages('one', 2)]])
    const bytes = encode(charterShape.parse({ ...world.charter, version: 2, demand: { defaultPpm: 2_000_000 } }))
    const charter = world.files.put(cborCid(bytes), bytes)
    world.ok(world.operator, 'charter', { charter, version: 2, from: 2 })
    expect(world.state.charter.version).toBe(1)
    expect([1, 2, 3].map((epoch) => charterOf(world.state, epoch).version)).toEqual([1, 2, 2])
    world.playEpoch([[ann!, pages('two', 2)]])
    expect(world.state.charter.version).toBe(2)
    expect(world.state.results.map((result) => result.rows.find((row) => row.account === ann!.did)?.points)).toEqual(['200000', '400000'])
    expect(charterOf(world.state, 1).version).toBe(1)
  })
})
