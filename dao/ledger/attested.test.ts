/** What a mail that says that an export is ready does to its contribution: more where most testers find it good, nothing else, and once for one account. */
import { describe, expect, it } from 'vitest'
import { cborCid, type CID, encode, poolTerms, PPM, rawCid, toHex, utf8 } from '../../schemas/wire/index.ts'
import { chunk, type Contributed, PoolLedgerWorld, tokensOf } from '../../tests/unit/pool-ledger-world.ts'
import { createLedger, explain, sameDraws } from './index.ts'

const account = (name: string): Uint8Array => tokensOf(`account ${name}`)[0] as Uint8Array
const mailSenders = [{ source: 'spotify' as const, domain: 'tunes.example', subjects: [] }]
const pool = { mailSenders }
const worldOf = (terms: object = pool) => new PoolLedgerWorld({ charter: { pool: terms, contributors: { quota: null } } })
const everybody = (): boolean => true

/** One contribution whose mail so many of five testers find good. */
function earned(said: number, terms: object = pool, ...more: Parameters<PoolLedgerWorld['offer']>[1][]) {
  const world = worldOf(terms)
  const person = world.person('one')
  const [one] = world.gatherPool(() => [world.offer(person, { tokens: tokensOf('x'), account: account('jane'), ...more[0] })]) as [
    Contributed,
  ]
  const believers = new Set(world.validators.slice(0, said))
  world.testAndClose({ attests: (validator) => believers.has(validator) })
  return { world, one, row: world.rowOf(person), state: world.state.contributions.get(one.cid.toString()) }
}

describe('a contribution with a mail', () => {
  it.each([
    [0, '10000', null],
    [2, '10000', null],
    [3, '100000', 'attested'],
    [5, '100000', 'attested'],
  ])('that %i of five testers find good is worth %s', (said, value, note) => {
    const { row, state } = earned(said)
    expect(row).toMatchObject({ value, points: value, note, fails: 0, credibility: PPM })
    expect(state?.attested).toBe(note !== null)
  })

  it('is worth what the charter says, also where nothing else is worth anything', () => {
    expect(earned(5, { ...pool, attestedPpm: 500_000 }).row?.value).toBe('50000')
    expect(earned(5, { ...pool, unattestedPpm: 0 }).row?.value).toBe('100000')
    expect(earned(5, { ...pool, unattestedPpm: 0 }).state?.values?.map((value) => value)).toEqual([
      { value: 0, novelty: 0, attested: 100_000 },
    ])
  })

  it('keeps what it counted for whoever asks later', () => {
    const { world, one } = earned(5, { ...pool, unattestedPpm: 0 })
    expect(world.state.results[0]?.values.get(one.cid.toString())?.map(({ value }) => value)).toEqual([100_000])
    expect(JSON.stringify(explain(world.state, one.cid.toString(), world.files))).not.toContain('testers failed it')
  })

  it('is worth no more where the charter has come to take no mails', () => {
    const world = new PoolLedgerWorld({ charter: { pool, testing: { quorumPpm: PPM } } })
    const [person, other] = [world.person('one'), world.person('other')]
    world.gatherPool(() => [world.offer(person, { tokens: tokensOf('x'), account: account('jane') })])
    world.testAndClose({ attests: everybody, silent: world.validators.slice(0, 1) })
    expect(world.rowOf(person)).toMatchObject({ note: 'no quorum', points: '0' })
    // tested anew in an epoch of another charter
    const bytes = encode({ ...world.state.charter, version: 2, pool: poolTerms.parse({}) })
    world.ok(world.operator, 'charter', { charter: world.files.put(cborCid(bytes), bytes), version: 2, from: 2 })
    world.gatherPool(() => [world.offer(other, { tokens: tokensOf('y') })])
    world.testAndClose({ attests: everybody })
    expect(world.state.charter.pool?.mailSenders).toBeUndefined()
    expect(world.rowOf(person)).toMatchObject({ value: '10000', note: null })
  })

  it('keeps what other factors make of it', () => {
    const rows = [chunk(), chunk({ quality: 500_000 }), chunk({ tokens: 0 })]
    expect(earned(5, pool, { rows }).row?.value).toBe('150000')
    expect(earned(5, pool, { tokens: [] }).row?.value).toBe('50000')
  })

  it('is explained, with what its testers said', () => {
    const text = ({ world, one }: ReturnType<typeof earned>) =>
      explain(world.state, one.cid.toString(), world.files)
        ?.reasons.map((r) => r.text)
        .join('\n')
    expect(text(earned(4))).toContain(
      '4 of 5 testers found its mail signed by the service and of the account that it names; attested, which is evidence and no proof',
    )
    expect(text(earned(4))).toContain('× attested 1000000 × demand, source and quota 1000000 = 100000')
    expect(text(earned(2))).toContain('2 of 5 testers found its mail')
    expect(text(earned(2))).toContain('it takes more than half of them')
    expect(text(earned(2))).toContain('× unattested 100000 × demand, source and quota 1000000 = 10000')
  })

  it('gives every replica the same table, and a light one the same word', () => {
    const { world, one } = earned(3)
    for (const light of [false, true]) {
      const ledger = createLedger({ files: world.files, light })
      for (const entry of world.entries) ledger.apply(entry)
      expect(ledger.state.invalid).toEqual([])
      expect(toHex(ledger.state.results[0]?.root as Uint8Array)).toBe(toHex(world.state.results[0]?.root as Uint8Array))
      expect(ledger.state.contributions.get(one.cid.toString())?.attested).toBe(true)
    }
  })

  it('loses the chunks that most testers failed, and no attested word brings them back', () => {
    const world = worldOf()
    const person = world.person('one')
    world.gatherPool(() => [
      world.offer(person, { rows: Array.from({ length: 20 }, () => chunk()), tokens: tokensOf('x'), account: account('j') }),
    ])
    world.testAndClose({ attests: everybody, judge: (_validator, _contributor, _manifest, row) => (row === 3 ? 'D1' : null) })
    expect(world.rowOf(person)).toMatchObject({ value: '1900000' })
  })

  it('is judged by those who could open it', () => {
    const judged = (shut: number, believing: number) => {
      const world = worldOf()
      const person = world.person('one')
      world.gatherPool(() => [world.offer(person, { tokens: tokensOf('x'), account: account('jane') })])
      const [out, yes] = [world.validators.slice(0, shut), world.validators.slice(shut, shut + believing)]
      // whoever is shut out and says yes all the same is not heard
      world.testAndClose({
        attests: (validator) => out.includes(validator) || yes.includes(validator),
        judge: (validator) => (out.includes(validator) ? 'D2' : null),
      })
      return world.rowOf(person)?.note
    }
    expect([judged(2, 2), judged(2, 1)]).toEqual(['attested', null])
  })

  it('that was not opened by most, or was withdrawn, is not attested', () => {
    const world = worldOf()
    const [shut, gone] = [world.person('shut'), world.person('gone')]
    const made = world.gatherPool(() => [
      world.offer(shut, { tokens: tokensOf('x'), account: account('a') }),
      world.offer(gone, { tokens: tokensOf('y'), account: account('b') }),
    ])
    let code: string | undefined = 'not yet'
    world.testAndClose({
      attests: () => {
        // after the cut, when it is drawn already
        if (code === 'not yet') code = world.withdraw(gone)
        return true
      },
      judge: (_validator, contributor) => (contributor === shut.did ? 'D2' : null),
    })
    expect(code).toBeUndefined()
    expect(world.rowOf(shut)).toMatchObject({ points: '0', note: 'unopened' })
    expect(world.rowOf(gone)).toMatchObject({ points: '0', note: 'withdrawn' })
    for (const { cid } of made) expect(world.state.contributions.get(cid.toString())?.attested).toBe(false)
  })

  it('counts within a quota and after what was paid for, as without', () => {
    const world = new PoolLedgerWorld({ charter: { pool, contributors: { quota: { newcomer: 15, cap: 100 } } } })
    const person = world.person('one')
    world.gatherPool(() => [world.offer(person, { rows: [chunk(), chunk()], tokens: tokensOf('x'), account: account('j') })])
    world.testAndClose({ attests: everybody })
    expect(world.rowOf(person)?.value).toBe('150000')
    // the same person once more, and the same months
    expect(world.withdraw(person)).toBeUndefined()
    world.gatherPool(() => [
      world.offer(person, { rows: [chunk(), chunk({ month: '2026-01' })], tokens: tokensOf('z'), account: account('j') }),
    ])
    world.testAndClose({ attests: everybody })
    expect(world.rowOf(person)).toMatchObject({ value: '100000', note: 'attested' })
  })
})

describe('one account', () => {
  /** Two people with the mail of one account, in one epoch or two; `between` happens after the first's was settled. */
  function twins({ later, withdrawn = false }: { later: boolean; withdrawn?: boolean }) {
    const world = worldOf()
    const [first, second] = [world.person('first'), world.person('second')]
    const one = () => world.offer(first, { tokens: tokensOf('x'), account: account('jane') })
    const two = () => world.offer(second, { tokens: tokensOf('y'), account: account('jane') })
    world.gatherPool(() => (later ? [one()] : [one(), two()]))
    world.testAndClose({ attests: everybody })
    if (later) {
      if (withdrawn && world.withdraw(first) !== undefined) throw new Error('not withdrawn')
      world.gatherPool(() => [two()])
      world.testAndClose({ attests: everybody })
    }
    return { world, first: world.rowOf(first, 1), second: world.rowOf(second) }
  }

  it('attests the first commit of an epoch alone', () => {
    const { first, second } = twins({ later: false })
    expect([first?.value, second?.value]).toEqual(['100000', '10000'])
    expect([first?.note, second?.note]).toEqual(['attested', null])
  })

  it('attests nobody else later on', () => {
    const { world, second } = twins({ later: true })
    expect(second).toMatchObject({ value: '10000', note: null, fails: 0 })
    const [, two] = [...world.state.contributions.values()]
    const text = explain(world.state, String(two?.manifestCid), world.files)
      ?.reasons.map((one) => one.text)
      .join('\n')
    expect(text).toContain('not attested: that account attests another contribution')
  })

  it('attests nobody else either when what earned by it was withdrawn', () => {
    const { second } = twins({ later: true, withdrawn: true })
    expect(second?.value).toBe('10000')
  })

  it('is free again when what it attested was withdrawn before it earned', () => {
    const world = worldOf()
    const [first, second] = [world.person('first'), world.person('second')]
    world.gatherPool(() => [world.offer(first, { tokens: tokensOf('x'), account: account('jane') })])
    world.withdraw(first)
    world.testAndClose({ attests: everybody })
    world.gatherPool(() => [world.offer(second, { tokens: tokensOf('y'), account: account('jane') })])
    world.testAndClose({ attests: everybody })
    expect(world.rowOf(second)).toMatchObject({ value: '100000', note: 'attested' })
  })

  it('is not taken by whoever only names it: testers do not find it in the other mail', () => {
    const world = worldOf()
    const [thief, jane] = [world.person('thief'), world.person('jane')]
    const made = world.gatherPool(() => [
      world.offer(thief, { tokens: tokensOf('x'), account: account('jane') }),
      world.offer(jane, { tokens: tokensOf('y'), account: account('jane') }),
    ])
    world.testAndClose({ attests: (_validator, manifest) => manifest.equals((made[1] as Contributed).cid) })
    expect([world.rowOf(thief)?.value, world.rowOf(jane)?.value]).toEqual(['10000', '100000'])
  })

  it('is not taken by what earns nothing, in its epoch or later', () => {
    for (const later of [false, true]) {
      const world = worldOf()
      const [first, second] = [world.person('first'), world.person('second')]
      const one = () => world.offer(first, { tokens: tokensOf('x'), account: account('jane') })
      const two = () => world.offer(second, { tokens: tokensOf('y'), account: account('jane') })
      const judge = (_validator: unknown, contributor: string) => (contributor === first.did ? ('D1' as const) : null)
      const [garbage] = world.gatherPool(() => (later ? [one()] : [one(), two()])) as [Contributed]
      world.testAndClose({ attests: everybody, judge })
      if (later) {
        world.gatherPool(() => [two()])
        world.testAndClose({ attests: everybody, judge })
      }
      expect(world.rowOf(first, 1)).toMatchObject({ points: '0' })
      expect(world.state.contributions.get(garbage.cid.toString())?.attested).toBe(false)
      expect(world.rowOf(second)).toMatchObject({ value: '100000', note: 'attested' })
    }
  })

  it('is not taken in one epoch by an earlier claim that too few of its committee reported on', () => {
    const played = (silent: number) => {
      const world = new PoolLedgerWorld({ charter: { pool, testing: { committee: 2, quorumPpm: PPM } } })
      const [first, second] = [world.person('first'), world.person('second')]
      world.gatherPool(() => [
        world.offer(first, { tokens: tokensOf('x'), account: account('jane') }),
        world.offer(second, { tokens: tokensOf('y'), account: account('jane') }),
      ])
      world.testAndClose({ attests: everybody, silent: world.validators.slice(silent, silent + 1) })
      return [world.rowOf(first)?.note, world.rowOf(second)?.note, world.rowOf(second)?.value]
    }
    // who sits in which committee is the beacon's choice: of one of the five only the first is without
    const notes = [0, 1, 2, 3, 4].map(played)
    expect(notes).toContainEqual(['no quorum', 'attested', '100000'])
    expect(notes).toContainEqual(['attested', null, '10000'])
  })

  it('is free where the claim before it is found to be none in a later epoch', () => {
    const world = new PoolLedgerWorld({ charter: { pool, testing: { quorumPpm: PPM } } })
    const [first, second] = [world.person('first'), world.person('second')]
    world.gatherPool(() => [world.offer(first, { tokens: tokensOf('x'), account: account('jane') })])
    const silent = world.validators.slice(0, 1)
    world.testAndClose({ attests: everybody, silent })
    expect(world.rowOf(first)).toMatchObject({ note: 'no quorum', points: '0' })
    world.gatherPool(() => [world.offer(second, { tokens: tokensOf('y'), account: account('jane') })])
    // the first one's mail is found to be none, and the second's is free to count
    world.testAndClose({ attests: (_validator, manifest) => manifest.toString() !== [...world.state.contributions.keys()][0] })
    expect([world.rowOf(first)?.value, world.rowOf(second)?.value]).toEqual(['10000', '100000'])
  })
})

describe('a contribution is refused', () => {
  const said = (
    given: Parameters<PoolLedgerWorld['offer']>[1],
    change: Parameters<PoolLedgerWorld['offer']>[2] = {},
    terms: object = pool,
  ) => {
    const world = worldOf(terms)
    const person = world.person('one')
    world.advanceTo('gather')
    const made = world.offer(person, given, change)
    world.advance('reveal')
    return world.show(made)
  }
  const mail = rawCid(utf8('mail'))
  it.each<[string, string | undefined, () => string | undefined]>([
    ['never for a mail and its account', undefined, () => said({ tokens: tokensOf('x'), account: account('a') })],
    ['never for a mail without other tokens', undefined, () => said({ account: account('a') })],
    ['with a mail where the charter takes none', 'BAD_MAIL', () => said({ tokens: tokensOf('x'), account: account('a') }, {}, {})],
    ['with a mail of no account', 'BAD_MAIL', () => said({ tokens: tokensOf('x') }, { mail })],
    ['with an account and no mail', 'BAD_MAIL', () => said({ tokens: tokensOf('x'), index: { account: account('a') } })],
    ['with a mail for two services', 'BAD_MAIL', () => said({ rows: [chunk(), chunk({ source: 'own' })], account: account('a') })],
    ['with an account under no key', 'BAD_TOKENS', () => said({ account: account('a'), index: { key: null } })],
  ])('%s', (_, code, show) => expect(show()).toBe(code))
})

it('is no report that finds attested what it did not draw', () => {
  const [drawn, other] = ['drawn', 'other'].map((name) => rawCid(utf8(name))) as [CID, CID]
  const draws = [{ contributor: 'did:key:zOne', picks: [{ manifest: drawn, row: 0 }] }]
  const result = { manifest: drawn, row: 0, pass: true, check: null, evidence: null }
  const fault = (attested: CID[]) =>
    sameDraws(
      { v: 1, epoch: 1, validator: 'did:key:zV', contributions: [{ contributor: 'did:key:zOne', results: [result], attested }] },
      draws,
    )
  expect(fault([drawn])).toBeUndefined()
  expect(fault([drawn, other])).toContain('that it did not draw')
})
