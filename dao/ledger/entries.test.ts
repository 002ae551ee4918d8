/** Every rule of every entry type, by the entries that break it. */
import { describe, expect, it } from 'vitest'
import { anyCid, LedgerWorld, pages, seeded, type TestValidator } from '../../tests/unit/ledger-world.ts'
import { signEntry, signObject } from '../../core/envelope/index.ts'
import { charter as charterShape, cborCid, commitHash, encode, type EntryType, sha256, utf8 } from '../../schemas/wire/index.ts'
import { signWithdrawal } from '../consent/index.ts'
import { logVkey } from '../log/index.ts'
import { auditBytes, createLedger, epochTable, phaseOf, sequencerOf } from './index.ts'

const zero = new Uint8Array(32)
const late = seeded('late')
const someone = seeded('subject')
const withdrawalOf = (changes: object = {}): Uint8Array =>
  encode({ ...signWithdrawal({ manifest: anyCid('w'), at: 1_790_000_000, scope: 'all', ask: ['stop'] }, someone), ...changes })

const nobody = [zero, zero]
const reshareOf = (by: ReturnType<typeof seeded>, dao: string): Uint8Array => {
  const committee = { k: 2, members: [someone.did, late.did] }
  const order = { v: 1, dao, manifest: anyCid('x'), generation: 0, from: committee, to: committee, dealers: [1, 2], at: 1, by: by.did }
  return encode(signObject('reshare-order', order, by))
}

/** A world in epoch 1 with ann's batch in it, stopped in a phase. */
function worldIn(
  phase: 'gather' | 'reveal' | 'beacon' | 'test' | 'report' | 'close' | 'closed',
): LedgerWorld & { manifest: ReturnType<typeof anyCid> } {
  const world = new LedgerWorld() as LedgerWorld & { manifest: ReturnType<typeof anyCid> }
  const [ann] = world.contributors
  world.advance('gather')
  const committed = world.commit(ann!, pages('ann', 4))
  world.manifest = committed.sealed.manifestCid
  if (phase === 'gather') return world
  world.advance('reveal')
  if (phase === 'reveal') {
    world.reveal(ann!, committed)
    return world
  }
  world.reveal(ann!, committed)
  for (const validator of world.validators) world.available(validator, [world.manifest])
  world.advance('beacon')
  if (phase === 'beacon') return world
  for (const validator of world.validators) world.openBeacon(validator)
  world.advance('test')
  if (phase === 'test') return world
  const reports = world.validators.map((validator) => {
    const report = world.report(validator, () => null)
    return { validator, ...report, index: world.commitReport(validator, report) }
  })
  world.advance('report')
  if (phase === 'report') return Object.assign(world, { reports })
  for (const report of reports) world.revealReport(report.validator, report)
  world.advance('probe')
  world.advance('close')
  if (phase === 'closed') world.close()
  return world
}

type Case = [name: string, code: string, play: (world: ReturnType<typeof worldIn>) => Uint8Array, phase?: Parameters<typeof worldIn>[0]]

const cases: Record<EntryType, Case[]> = {
  genesis: [['a second genesis', 'NOT_FIRST', (w) => w.bytes(w.operator, 'genesis', { charter: w.charterCid, log: 'x' })]],
  roster: [
    ['by somebody else', 'NOT_OPERATOR', (w) => w.bytes(late, 'roster', { add: [], remove: [] })],
    ['removing who is not seated', 'NOT_SEATED', (w) => w.bytes(w.operator, 'roster', { add: [], remove: [late.did] })],
    ['seating who is seated', 'SEATED', (w) => w.bytes(w.operator, 'roster', { add: [w.validators[0]!.statement], remove: [] })],
    [
      'with a statement changed after signing',
      'BAD_SIGNATURE',
      (w) => w.bytes(w.operator, 'roster', { add: [{ ...w.validator('new').statement, operator: 'other' }], remove: [] }),
    ],
    [
      'naming one twice',
      'NAMED_TWICE',
      (w) => {
        const { statement } = w.validator('new')
        return w.bytes(w.operator, 'roster', { add: [statement, statement], remove: [] })
      },
    ],
  ],
  charter: [
    ['by somebody else', 'NOT_OPERATOR', (w) => w.bytes(late, 'charter', { charter: w.charterCid, version: 2, from: 2 })],
    ['with the same version', 'BAD_VERSION', (w) => w.bytes(w.operator, 'charter', { charter: w.charterCid, version: 1, from: 2 })],
    ['for the running epoch', 'TOO_EARLY', (w) => w.bytes(w.operator, 'charter', { charter: nextCharter(w), version: 2, from: 1 })],
    [
      'for another DAO',
      'OTHER_DAO',
      (w) => w.bytes(w.operator, 'charter', { charter: nextCharter(w, { name: 'another' }), version: 2, from: 2 }),
    ],
    [
      'with a field that nobody knows',
      'BAD_FILE_BAD_SHAPE',
      (w) => {
        const bytes = encode({ ...w.charter, version: 2, surprise: 1 })
        return w.bytes(w.operator, 'charter', { charter: w.files.put(cborCid(bytes), bytes), version: 2, from: 2 })
      },
    ],
  ],
  'contributor.join': [['twice', 'JOINED', (w) => w.bytes(w.contributors[0]!, 'contributor.join', { contact: null })]],
  'contribution.commit': [
    ['by one who has not joined', 'NOT_JOINED', (w) => w.bytes(late, 'contribution.commit', { epoch: 1, hash: zero })],
    ['for an epoch far away', 'WRONG_EPOCH', (w) => w.bytes(w.contributors[0]!, 'contribution.commit', { epoch: 5, hash: zero })],
  ],
  'contribution.reveal': [
    [
      'of a commit that is not there',
      'NO_COMMIT',
      (w) => w.bytes(w.contributors[0]!, 'contribution.reveal', { epoch: 1, commit: 0, manifest: w.manifest, salt: zero }),
    ],
    ['before the reveal phase', 'WRONG_PHASE', (w) => revealOf(w), 'gather'],
    ['with a wrong salt', 'COMMIT_MISMATCH', (w) => inReveal(w, { salt: zero })],
    ['of another peer’s commit', 'NOT_YOURS', (w) => inReveal(w, { by: 1 })],
    ['of an unlisted pipeline', 'UNLISTED_PIPELINE', (w) => inReveal(w, { manifest: { pipeline: 'web-page@1/9' } })],
    ['of an unlisted schema', 'UNLISTED_SCHEMA', (w) => inReveal(w, { manifest: { schema: 'other@1', pipeline: 'other@1/1' } })],
    ['sealed for another ledger', 'WRONG_LEDGER', (w) => inReveal(w, { manifest: { dao: 'quern/other' } })],
    ['sealed by another', 'NOT_YOURS', (w) => inReveal(w, { manifest: { contributor: w.contributors[1]!.did } })],
    ['that ends before it begins', 'BAD_DATES', (w) => inReveal(w, { manifest: { from: 9, to: 8 } })],
    ['of a manifest that is none', 'BAD_FILE_BAD_SHAPE', (w) => inReveal(w, { manifest: { count: 0 } })],
    [
      'after the cut',
      'NO_COMMIT',
      (w) => w.bytes(w.contributors[1]!, 'contribution.reveal', { epoch: 1, commit: w.state.size - 1, manifest: w.manifest, salt: zero }),
      'beacon',
    ],
  ],
  'contribution.available': [
    ['by one without a seat', 'NOT_SEATED', (w) => w.bytes(late, 'contribution.available', { epoch: 1, manifests: [w.manifest] })],
    [
      'of an unknown batch',
      'UNKNOWN_BATCH',
      (w) => w.bytes(w.validators[0]!.signer, 'contribution.available', { epoch: 1, manifests: [anyCid('x')] }),
    ],
    [
      'for another epoch',
      'WRONG_EPOCH',
      (w) => w.bytes(w.validators[0]!.signer, 'contribution.available', { epoch: 2, manifests: [w.manifest] }),
      'reveal',
    ],
  ],
  retract: [
    ['of nothing', 'NO_COMMIT', (w) => w.bytes(w.contributors[0]!, 'retract', { commit: 0 })],
    [
      'of another’s commit',
      'NOT_YOURS',
      (w) => w.bytes(w.contributors[1]!, 'retract', { commit: [...w.state.commits.keys()][0]! }),
      'gather',
    ],
    ['of another’s batch', 'NOT_YOURS', (w) => w.bytes(w.contributors[1]!, 'retract', { commit: batchOf(w).commitIndex }), 'reveal'],
    ['after the cut', 'TOO_LATE', (w) => w.bytes(w.contributors[0]!, 'retract', { commit: batchOf(w).commitIndex }), 'beacon'],
  ],
  'beacon.reveal': [
    ['outside the beacon phase', 'WRONG_PHASE', (w) => w.bytes(w.validators[0]!.signer, 'beacon.reveal', { epoch: 1, preimage: zero })],
    ['by one without a seat', 'NOT_SEATED', (w) => w.bytes(late, 'beacon.reveal', { epoch: 1, preimage: zero }), 'beacon'],
    [
      'with a wrong preimage',
      'BAD_PREIMAGE',
      (w) => w.bytes(w.validators[0]!.signer, 'beacon.reveal', { epoch: 1, preimage: zero }),
      'beacon',
    ],
    [
      'twice',
      'REPEATED',
      (w) => {
        w.openBeacon(w.validators[0]!)
        return w.bytes(w.validators[0]!.signer, 'beacon.reveal', { epoch: 1, preimage: zero })
      },
      'beacon',
    ],
  ],
  'probe.commit': [['by one without a seat', 'NOT_SEATED', (w) => w.bytes(late, 'probe.commit', { epoch: 1, hash: zero })]],
  'probe.reveal': [
    ['by one without a seat', 'NOT_SEATED', (w) => w.bytes(late, 'probe.reveal', { epoch: 1, commit: 0, list: anyCid('x'), salt: zero })],
    [
      'outside its phase',
      'WRONG_PHASE',
      (w) => w.bytes(w.validators[0]!.signer, 'probe.reveal', { epoch: 1, commit: 0, list: anyCid('x'), salt: zero }),
    ],
  ],
  'report.commit': [
    ['outside the test phase', 'WRONG_PHASE', (w) => w.bytes(w.validators[0]!.signer, 'report.commit', { epoch: 1, hash: zero }), 'report'],
    ['by one without a seat', 'NOT_SEATED', (w) => w.bytes(late, 'report.commit', { epoch: 1, hash: zero }), 'test'],
    [
      'twice',
      'REPEATED',
      (w) => {
        w.ok(w.validators[0]!.signer, 'report.commit', { epoch: 1, hash: zero })
        return w.bytes(w.validators[0]!.signer, 'report.commit', { epoch: 1, hash: zero })
      },
      'test',
    ],
  ],
  'report.reveal': [
    ['outside the report phase', 'WRONG_PHASE', (w) => revealReport(w, {}), 'test'],
    ['without a commit', 'NO_COMMIT', (w) => revealReport(w, { commit: 3 }), 'report'],
    ['with another salt', 'COMMIT_MISMATCH', (w) => revealReport(w, { salt: zero }), 'report'],
    ['with a wrong preimage', 'BAD_PREIMAGE', (w) => revealReport(w, { preimage: zero }), 'report'],
  ],
  'epoch.phase': [
    ['by somebody else', 'NOT_OPERATOR', (w) => w.bytes(late, 'epoch.phase', { ...phaseOf(w.state).next, note: w.note() })],
    ['that skips a phase', 'WRONG_PHASE', (w) => w.bytes(w.operator, 'epoch.phase', { epoch: 1, phase: 'close', note: w.note() })],
    ['of another epoch', 'WRONG_PHASE', (w) => w.bytes(w.operator, 'epoch.phase', { epoch: 2, phase: 'reveal', note: w.note() })],
    ['without a note', 'BAD_NOTE', (w) => w.bytes(w.operator, 'epoch.phase', { ...phaseOf(w.state).next, note: '' })],
    [
      'with a note from before the phase',
      'NOTE_OLD',
      (w) => w.bytes(w.operator, 'epoch.phase', { ...phaseOf(w.state).next, note: w.note({ size: w.state.epoch!.phaseIndex }) }),
    ],
    [
      'with too few cosignatures',
      'NOTE_NOT_COSIGNED',
      (w) => w.bytes(w.operator, 'epoch.phase', { ...phaseOf(w.state).next, note: w.note({ by: w.validators.slice(0, 2) }) }),
    ],
    [
      'with a note of another history',
      'NOTE_FORKED',
      (w) => {
        const other = worldIn('gather')
        other.ok(other.contributors[1]!, 'contribution.commit', { epoch: 1, hash: zero })
        w.ok(w.contributors[1]!, 'contribution.commit', { epoch: 1, hash: sha256(zero) })
        return w.bytes(w.operator, 'epoch.phase', { ...phaseOf(w.state).next, note: other.note() })
      },
      'gather',
    ],
    [
      'before the beacon was opened',
      'NO_BEACON',
      (w) => w.bytes(w.operator, 'epoch.phase', { epoch: 1, phase: 'test', note: w.note() }),
      'beacon',
    ],
    ['before the close', 'NOT_CLOSED', (w) => w.bytes(w.operator, 'epoch.phase', { epoch: 2, phase: 'gather', note: w.note() }), 'close'],
    [
      'before a quorum attested',
      'NOT_FINAL',
      (w) => w.bytes(w.operator, 'epoch.phase', { epoch: 2, phase: 'gather', note: w.note() }),
      'closed',
    ],
  ],
  'epoch.close': [
    ['outside the close phase', 'WRONG_PHASE', (w) => w.bytes(w.operator, 'epoch.close', closeOf({}))],
    ['by somebody else', 'NOT_OPERATOR', (w) => w.bytes(late, 'epoch.close', { ...tableOf(w) }), 'close'],
    ['with a wrong root', 'WRONG_ROOT', (w) => w.bytes(w.operator, 'epoch.close', { ...tableOf(w), root: zero }), 'close'],
    ['with another table', 'WRONG_ROOT', (w) => w.bytes(w.operator, 'epoch.close', { ...tableOf(w), table: anyCid('x') }), 'close'],
    ['with another cut', 'WRONG_CUT', (w) => w.bytes(w.operator, 'epoch.close', { ...tableOf(w), cut: 1 }), 'close'],
    ['by other rules', 'OTHER_RULES', (w) => w.bytes(w.operator, 'epoch.close', { ...tableOf(w), rules: 'mine' }), 'close'],
    ['twice', 'REPEATED', (w) => w.bytes(w.operator, 'epoch.close', tableOf(w)), 'closed'],
  ],
  'epoch.attest': [
    ['before the close', 'NOT_CLOSED', (w) => attest(w, w.validators[0]!, zero)],
    ['of another root', 'OTHER_ROOT', (w) => attest(w, w.validators[0]!, zero), 'closed'],
    [
      'by one without a seat',
      'NOT_SEATED',
      (w) => w.bytes(late, 'epoch.attest', { epoch: 1, root: zero, audit: new Uint8Array(64) }),
      'closed',
    ],
    [
      'with another key',
      'BAD_SIGNATURE',
      (w) => w.bytes(w.validators[0]!.signer, 'epoch.attest', { epoch: 1, root: rootOf(w), audit: new Uint8Array(64) }),
      'closed',
    ],
    [
      'twice',
      'REPEATED',
      (w) => {
        w.attest(w.validators[0]!)
        return attest(w, w.validators[0]!, rootOf(w))
      },
      'closed',
    ],
  ],
  'epoch.dispute': [
    [
      'by one without a seat',
      'NOT_SEATED',
      (w) => w.bytes(late, 'epoch.dispute', { epoch: 1, root: zero, account: null, ours: null, theirs: null }),
    ],
    [
      'of an epoch to come',
      'WRONG_EPOCH',
      (w) => w.bytes(w.validators[0]!.signer, 'epoch.dispute', { epoch: 9, root: zero, account: null, ours: null, theirs: null }),
    ],
  ],
  'fraud.proof': [
    [
      'about an unknown batch',
      'UNKNOWN_BATCH',
      (w) => w.bytes(late, 'fraud.proof', { check: 'D2', manifest: anyCid('x'), row: 0, proof: anyCid('y') }),
    ],
    ['of a statistical check', 'NOT_PROVABLE', (w) => fraud(w, 'T1'), 'reveal'],
    ['against an honest batch', 'NOT_THE_LEAVES', (w) => fraud(w, 'D2'), 'reveal'],
  ],
  appeal: [
    ['by a stranger', 'NOT_JOINED', (w) => w.bytes(late, 'appeal', { epoch: 1, reason: '' })],
    ['of an open epoch', 'NOT_CLOSED', (w) => w.bytes(w.contributors[0]!, 'appeal', { epoch: 1, reason: '' })],
  ],
  complaint: [['by one without a seat', 'NOT_SEATED', (w) => w.bytes(late, 'complaint', { leafHash: zero, receipt: zero })]],
  optout: [
    [
      'by a stranger',
      'NOT_SEATED',
      (w) => w.bytes(late, 'optout', { domain: 'example.org', pattern: null, evidence: anyCid('x'), from: 0 }),
    ],
    ['of no domain', 'BAD_DOMAIN', (w) => w.bytes(w.operator, 'optout', { domain: '', pattern: null, evidence: anyCid('x'), from: 0 })],
  ],
  'consent.withdrawn': [
    ['by a stranger', 'NOT_SEATED', (w) => w.bytes(late, 'consent.withdrawn', { withdrawal: withdrawalOf() })],
    [
      'with another signature',
      'BAD_SIGNATURE',
      (w) => w.bytes(w.operator, 'consent.withdrawn', { withdrawal: withdrawalOf({ s: new Uint8Array(64) }) }),
    ],
  ],
  'custody.reshare': [
    ['by somebody else', 'NOT_OPERATOR', (w) => w.bytes(late, 'custody.reshare', { order: reshareOf(w.operator, w.id), ready: nobody })],
    [
      'ordered by somebody else',
      'ORDER_NOT_OURS',
      (w) => w.bytes(w.operator, 'custody.reshare', { order: reshareOf(late, w.id), ready: nobody }),
    ],
    [
      'of another ledger',
      'ORDER_NOT_OURS',
      (w) => w.bytes(w.operator, 'custody.reshare', { order: reshareOf(w.operator, 'quern/other'), ready: nobody }),
    ],
    [
      'of a contribution that is not there',
      'UNKNOWN',
      (w) => w.bytes(w.operator, 'custody.reshare', { order: reshareOf(w.operator, w.id), ready: nobody }),
    ],
  ],
  'budget.spend': [['by a stranger', 'NOT_SEATED', (w) => w.bytes(late, 'budget.spend', { budget: 'x', amount: '1' })]],
  'pool.statistics': [
    ['by somebody else', 'NOT_OPERATOR', (w) => w.bytes(late, 'pool.statistics', { round: anyCid('x'), statistics: w.charterCid })],
    [
      'with a file that is none',
      'BAD_FILE_BAD_SHAPE',
      (w) => w.bytes(w.operator, 'pool.statistics', { round: anyCid('x'), statistics: w.charterCid }),
    ],
  ],
  release: [
    ['by somebody else', 'NOT_OPERATOR', (w) => w.bytes(late, 'release', releaseOf({}))],
    ['of an epoch that is not final', 'NOT_FINAL', (w) => w.bytes(w.operator, 'release', releaseOf({}))],
    [
      'with a previous one that is none',
      'WRONG_PREVIOUS',
      (w) => w.bytes(w.operator, 'release', releaseOf({ throughEpoch: 0, previous: anyCid('x') })),
    ],
  ],
  revenue: [
    [
      'of no release',
      'NO_RELEASE',
      (w) => w.bytes(w.operator, 'revenue', { release: anyCid('x'), rail: 'x', asset: 'x', amount: '1', reference: 'x' }),
    ],
  ],
  payout: [['of no revenue', 'NO_REVENUE', (w) => w.bytes(w.operator, 'payout', { revenue: 0, root: zero })]],
  anchor: [['by somebody else', 'NOT_OPERATOR', (w) => w.bytes(late, 'anchor', { target: 'x', proof: zero })]],
  takeover: [
    ['of a term that is not next', 'WRONG_TERM', (w) => w.bytes(w.operator, 'takeover', { term: 2, log: 'x', certificate: zero })],
    ['by somebody whose term it is not', 'NOT_SEQUENCER', (w) => w.bytes(w.operator, 'takeover', { term: 1, log: 'x', certificate: zero })],
    ['with a key of another name', 'BAD_VKEY', (w) => takeOver(w, { log: logVkey(w.id, 2, late.publicKey) })],
    ['without a certificate', 'NOT_CBOR', (w) => takeOver(w, { certificate: utf8('no') })],
  ],
}

function takeOver(world: LedgerWorld, changes: object): Uint8Array {
  const sequencer = world.validators.find((validator) => validator.signer.did === sequencerOf(world.state, 1))!
  return world.bytes(sequencer.signer, 'takeover', { term: 1, log: logVkey(world.id, 1, late.publicKey), certificate: zero, ...changes })
}

function nextCharter(world: LedgerWorld, changes: object = {}) {
  const bytes = encode(charterShape.parse({ ...world.charter, version: 2, ...changes }))
  return world.files.put(cborCid(bytes), bytes)
}

const batchOf = (world: LedgerWorld) => [...world.state.batches.values()][0]!

function revealOf(world: LedgerWorld & { manifest: ReturnType<typeof anyCid> }): Uint8Array {
  const commit = [...world.state.commits.keys()][0]!
  return world.bytes(world.contributors[0]!, 'contribution.reveal', { epoch: 1, commit, manifest: world.manifest, salt: zero })
}

/** A second batch of ann's, committed in gather and revealed with something wrong. */
function inReveal(_: LedgerWorld, change: { salt?: Uint8Array; by?: number; manifest?: object }): Uint8Array {
  const world = _
  const [ann] = world.contributors
  const { sealed, salt } = world.batch(ann!, pages('more', 2))
  const bytes = encode({ ...sealed.manifest, ...change.manifest })
  const manifest = world.files.put(cborCid(bytes), bytes)
  const commit = world.ok(ann!, 'contribution.commit', { epoch: 1, hash: commitHash(manifest, salt, ann!.did) })
  world.advance('reveal')
  return world.bytes(world.contributors[change.by ?? 0]!, 'contribution.reveal', { epoch: 1, commit, manifest, salt: change.salt ?? salt })
}

function revealReport(world: LedgerWorld, change: { commit?: number; salt?: Uint8Array; preimage?: Uint8Array }): Uint8Array {
  const [validator] = world.validators
  const report = world.report(validator!, () => null)
  const commit = world.state.epoch?.reportCommits.get(validator!.signer.did)?.index ?? 0
  const preimage = world.samplePreimage(validator!)
  return world.bytes(validator!.signer, 'report.reveal', { epoch: 1, commit, report: report.cid, salt: report.salt, preimage, ...change })
}

function tableOf(world: LedgerWorld) {
  const { epoch, cut, root, cid, rules } = epochTable(world.state)
  return { epoch, cut, root, table: cid, rules }
}
const closeOf = (changes: object) => ({ epoch: 1, cut: 1, root: zero, table: anyCid('t'), rules: 'x', ...changes })
const releaseOf = (changes: object) => ({
  release: anyCid('r'),
  name: 'r',
  throughEpoch: 1,
  previous: null,
  shares: zero,
  records: 1,
  ...changes,
})
const rootOf = (world: LedgerWorld) => world.state.results[0]!.root
const attest = (world: LedgerWorld, validator: TestValidator, root: Uint8Array): Uint8Array =>
  world.bytes(validator.signer, 'epoch.attest', { epoch: 1, root, audit: validator.audit.sign(auditBytes(world.id, 1, root)) })

function fraud(world: LedgerWorld & { manifest: ReturnType<typeof anyCid> }, check: 'T1' | 'D2'): Uint8Array {
  const bytes = encode({ v: 1, check, manifest: world.manifest, row: 0, recordBlocks: [], evidenceBlocks: [], robotsBlocks: [] })
  return world.bytes(late, 'fraud.proof', { check, manifest: world.manifest, row: 0, proof: world.files.put(cborCid(bytes), bytes) })
}

describe.each(Object.entries(cases))('%s', (_type, list) => {
  it.each(list)('refuses one %s (%s)', (_name, code, play, phase = 'gather') => {
    const world = worldIn(phase)
    const entry = play(world)
    const before = { size: world.state.size, invalid: world.state.invalid.length }
    expect(world.ledger.check(entry)).toMatchObject({ ok: false, code })
    expect(world.state.size, 'check changes nothing').toBe(before.size)
    expect(world.apply(entry)).toMatchObject({ index: before.size, entry: null, invalid: { code } })
    expect(world.state.invalid.at(-1)).toMatchObject({ index: before.size, code })
    expect(world.state.size).toBe(before.size + 1)
  })
})

describe('the envelope', () => {
  it('is a no-op when nothing can be read, and the log goes on', () => {
    const world = new LedgerWorld()
    expect(world.apply(utf8('nonsense'))).toMatchObject({ entry: null, invalid: { code: 'NOT_CBOR' } })
    world.ok(world.operator, 'anchor', { target: 'x', proof: zero })
  })

  it('is refused when signed for another ledger', () => {
    const world = new LedgerWorld()
    const entry = signEntry({ t: 'contributor.join', p: { contact: null }, n: 0 }, 'quern/other', late)
    expect(world.ledger.check(entry)).toMatchObject({ ok: false, code: 'BAD_SIGNATURE' })
  })

  it('counts an author’s entries without a gap, and an illegal one uses its number up', () => {
    const world = new LedgerWorld()
    const [ann] = world.contributors
    const again = world.bytes(ann!, 'contributor.join', { contact: null }, 1)
    expect(world.ledger.check(world.bytes(ann!, 'contributor.join', { contact: null }, 2))).toMatchObject({ code: 'SEQUENCE_GAP' })
    expect(world.apply(again).invalid?.code).toBe('JOINED')
    expect(world.apply(again).invalid?.code).toBe('SEQUENCE_USED')
    expect(world.state.authors.get(ann!.did)).toBe(2)
  })

  it('needs genesis first, of the ledger that was asked for', () => {
    const world = new LedgerWorld()
    const [genesis, roster] = world.entries
    const ledger = createLedger({ ledgerId: world.id, files: world.files })
    expect(ledger.check(roster!)).toMatchObject({ ok: false, code: 'NO_GENESIS' })
    expect(ledger.check(genesis!).ok).toBe(true)
    expect(createLedger({ ledgerId: 'quern/other', files: world.files }).check(genesis!)).toMatchObject({
      ok: false,
      code: 'BAD_SIGNATURE',
    })
  })

  it('stops before anything changes while a file is missing, and says which', () => {
    const world = new LedgerWorld({ contributors: ['ann'] })
    world.advance('gather')
    const committed = world.commit(world.contributors[0]!, pages('ann', 2))
    world.advance('reveal')
    const { manifestCid } = committed.sealed
    const bytes = world.files.map.get(manifestCid.toString())!
    world.files.map.delete(manifestCid.toString())
    const entry = world.bytes(world.contributors[0]!, 'contribution.reveal', {
      epoch: 1,
      commit: committed.index,
      manifest: manifestCid,
      salt: committed.salt,
    })
    const size = world.state.size
    expect(world.ledger.needs(entry).map(String)).toEqual([manifestCid.toString()])
    expect(() => world.ledger.apply(entry)).toThrow(expect.objectContaining({ code: 'FILE_MISSING' }))
    expect(world.state.size).toBe(size)
    world.files.put(manifestCid, bytes)
    expect(world.ledger.needs(entry)).toEqual([])
    expect(world.apply(entry).invalid).toBeNull()
  })
})
