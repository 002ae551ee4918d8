/** What statistics of a pool may cost, and releases of a pool beside those of the web. */
import { describe, expect, it } from 'vitest'
import { anyCid, LedgerWorld } from '../../tests/unit/ledger-world.ts'
import { cborCid, utf8 } from '../../schemas/wire/index.ts'
import { epsilonLeft, isPaid } from '../rewards/index.ts'
import { ledgerYear } from './rules-budget.ts'

function world(charter: object = {}): LedgerWorld {
  const made = new LedgerWorld({ charter })
  made.advance('gather')
  return made
}
const spend = (w: LedgerWorld, budget: string, amount: number, by = w.operator) =>
  w.say(by, 'budget.spend', { budget, amount: String(amount) })
/** What is paid for, by its CID. */
const of = (what: string): string => cborCid(utf8(what)).toString()
const code = ({ invalid }: ReturnType<typeof spend>) => invalid?.code ?? 'ok'

describe('the yearly ε of a pool', () => {
  it('is spent until it is gone, and not beyond', () => {
    const w = world({ pool: { epsilonPpmPerYear: 3_000_000 } })
    expect(ledgerYear(w.state)).toBe(2027)
    expect(code(spend(w, `epsilon/2027/${of('spring')}`, 2_000_000))).toBe('ok')
    expect(code(spend(w, `epsilon/2027/${of('summer')}`, 1_000_001))).toBe('BUDGET_SPENT')
    expect(code(spend(w, `epsilon/2027/${of('summer')}`, 1_000_000))).toBe('ok')
    expect(code(spend(w, `epsilon/2027/${of('autumn')}`, 1))).toBe('BUDGET_SPENT')
    expect(epsilonLeft(w.state.spent, 2027, 3_000_000)).toEqual({ spent: 3_000_000n, left: 0n })
    // what was refused is in the log and counts for nothing
    expect(w.state.invalid.map(({ code: why }) => why)).toEqual(['BUDGET_SPENT', 'BUDGET_SPENT'])
  })

  it('begins anew with the year that cosignatures tell, not with what an entry claims', () => {
    const w = world()
    expect(code(spend(w, `epsilon/2027/${of('a')}`, 4_000_000))).toBe('ok')
    expect(code(spend(w, `epsilon/2028/${of('b')}`, 1))).toBe('WRONG_YEAR')
    w.now += 366 * 86_400
    w.advance('reveal')
    expect(code(spend(w, `epsilon/2027/${of('b')}`, 1))).toBe('WRONG_YEAR')
    expect(code(spend(w, `epsilon/2028/${of('b')}`, 4_000_000))).toBe('ok')
    // what was paid for in the old year stays paid, and whoever asks again is told so
    expect(code(spend(w, `epsilon/2028/${of('a')}`, 1))).toBe('REPEATED')
    expect(code(spend(w, `epsilon/2027/${of('a')}`, 1))).toBe('REPEATED')
  })

  it('is spent by a name as well, as it once could be, which pays for no round', () => {
    const w = world()
    expect(code(spend(w, 'epsilon/2027/spring', 3_000_000))).toBe('ok')
    expect(epsilonLeft(w.state.spent, 2027, 4_000_000)).toEqual({ spent: 3_000_000n, left: 1_000_000n })
    expect(code(spend(w, `epsilon/2027/${of('a')}`, 1_000_001))).toBe('BUDGET_SPENT')
    expect(code(spend(w, 'epsilon/2027/spring', 1))).toBe('REPEATED')
    expect(isPaid(w.state.spent, cborCid(utf8('spring')), 1)).toBe(false)
  })

  it('is four where the charter says nothing, spent by the operator, once for each thing, by its CID', () => {
    const w = world()
    expect(w.charter.pool).toBeUndefined()
    expect(code(spend(w, `epsilon/2027/${of('a')}`, 4_000_001))).toBe('BUDGET_SPENT')
    expect(code(spend(w, `epsilon/2027/${of('a')}`, 1, w.validators[0]!.signer))).toBe('NOT_OPERATOR')
    expect(code(spend(w, `epsilon/2027/${of('a')}`, 1))).toBe('ok')
    expect(code(spend(w, `epsilon/2027/${of('a')}`, 1))).toBe('REPEATED')
    expect(code(spend(w, 'epsilon/2027', 1))).toBe('BAD_BUDGET')
    // other budgets are statements, as before
    expect(code(spend(w, 'travel', 1, w.validators[0]!.signer))).toBe('ok')
  })

  it('is not spent while nobody said what time it is', () => {
    expect(code(spend(new LedgerWorld({ validators: 0 }), `epsilon/2027/${of('a')}`, 1))).toBe('NO_TIME')
  })
})

it('keeps releases of pools apart from those of the web: each follows its own', () => {
  const w = world()
  const say = (name: string, changes: object = {}) =>
    w.say(w.operator, 'release', {
      release: anyCid(name),
      name,
      throughEpoch: 0,
      previous: null,
      shares: new Uint8Array(32),
      records: 0,
      ...changes,
    })
  expect(code(say('web-0'))).toBe('ok')
  expect(code(say('pool-0', { kind: 'pool', previous: anyCid('web-0') }))).toBe('WRONG_PREVIOUS')
  expect(code(say('web-0', { kind: 'pool' }))).toBe('NAME_USED')
  expect(code(say('pool-0', { kind: 'pool' }))).toBe('ok')
  expect(code(say('web-1', { previous: anyCid('web-0') }))).toBe('ok')
  expect(code(say('pool-1', { kind: 'pool', previous: anyCid('pool-0') }))).toBe('ok')
  expect([w.state.releases.map(({ name }) => name), w.state.poolReleases.map(({ name }) => name)]).toEqual([
    ['web-0', 'web-1'],
    ['pool-0', 'pool-1'],
  ])
  expect(w.state.releases[0]).not.toHaveProperty('kind')
  const paid = w.say(w.operator, 'revenue', { release: anyCid('pool-0'), rail: 'x', asset: 'EUR', amount: '1', reference: '1' })
  expect(code(paid)).toBe('ok')
})
