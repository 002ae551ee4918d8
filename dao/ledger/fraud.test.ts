/** Proven fraud in the fold: real pages, real evidence, real proofs; S1, S2 and S3 take what they should and nothing else. */
import { describe, expect, it } from 'vitest'
import { LedgerWorld, seeded } from '../../tests/unit/ledger-world.ts'
import { FETCHED_AT, htmlOf, type PageSpec } from '../../tests/unit/page-batch.ts'
import type { SealedBatch } from '../../node/seal/index.ts'
import { type Check, cborCid, sha256 } from '../../schemas/wire/index.ts'
import { rowLeaves } from '../batches/index.ts'
import { makeFraudProof } from '../checks/index.ts'
import { createLedger, vested } from './index.ts'

const hunter = seeded('hunter')
const honest = (...topics: string[]): PageSpec[] => topics.map((topic) => ({ topic }))
const bad: Record<string, PageSpec> = {
  S1: { topic: 'Old', exchange: { fetchedAt: FETCHED_AT - 90 * 86_400_000 }, robots: { fetchedAt: FETCHED_AT - 90 * 86_400_000 } },
  S2: { topic: 'Reserved', html: htmlOf('Reserved').replace('<head>', '<head><meta name="tdm-reservation" content="1">') },
  S3: { topic: 'Made-Up', row: { tokens: 4000 } },
}

/** A world whose clock agrees with the pages' evidence. */
function worldOf(vestingEpochs = 2): LedgerWorld {
  const world = new LedgerWorld({ contributors: ['ann', 'bob'], charter: { vestingEpochs } })
  world.now = FETCHED_AT / 1000 - 60
  return world
}

function play(world: LedgerWorld, work: PageSpec[][]): SealedBatch[] {
  const [ann] = world.contributors
  world.advanceTo('gather')
  const committed = work.map((pages) => world.commitBatch(ann!, world.pages(ann!, pages)))
  world.advance('reveal')
  for (const one of committed) world.reveal(ann!, one)
  const sealed = committed.map((one) => one.sealed)
  for (const validator of world.validators)
    world.available(
      validator,
      sealed.map((one) => one.manifestCid),
    )
  return sealed
}

function proofOf(world: LedgerWorld, batch: SealedBatch, check: Check, row: number): Uint8Array {
  const blocks = new Map(batch.blocks.map((block) => [block.cid.toString(), block.bytes]))
  const bytesOf = (leaves: ReturnType<typeof rowLeaves>['record']) => leaves.map(([cid]) => blocks.get(cid.toString())!)
  const { record, evidence, robots } = rowLeaves(batch.index, row)
  const proof = makeFraudProof({
    check,
    manifest: batch.manifestCid,
    row,
    blocks: { recordBlocks: bytesOf(record), evidenceBlocks: bytesOf(evidence), robotsBlocks: bytesOf(robots) },
  })
  const cid = world.files.put(cborCid(proof), proof)
  return world.bytes(hunter, 'fraud.proof', { check, manifest: batch.manifestCid, row, proof: cid })
}

const ann = (world: LedgerWorld) => world.state.contributors.get(world.contributors[0]!.did)!
const rowOf = (world: LedgerWorld, epoch: number) => world.state.results[epoch - 1]!.rows.find((row) => row.account === ann(world).account)!

describe('before the close', () => {
  it('S3 revokes the identity: nothing for any batch, and it can bring nothing more', () => {
    const world = worldOf()
    const [good, liar] = play(world, [honest('Aldbury'), [bad['S3']!]])
    expect(world.apply(proofOf(world, liar!, 'D3', 0)).invalid).toBeNull()
    expect(world.state.frauds).toMatchObject([{ by: hunter.did, check: 'D3', row: 0, valid: true, contributor: ann(world).account }])
    expect(ann(world).revoked).toMatchObject({ check: 'D3' })
    world.testAndClose()
    expect(world.state.results[0]!.rows.filter((row) => row.role === 'contributor')).toEqual([])
    expect(world.state.batches.get(good!.manifestCid.toString())?.settled).toBeNull()
    world.advance('gather')
    expect(world.say(world.contributors[0]!, 'contribution.commit', { epoch: 2, hash: sha256() }).invalid?.code).toBe('REVOKED')
  })

  it('S2 takes the whole epoch, S1 the one batch', () => {
    const world = worldOf()
    const [, reserved] = play(world, [honest('Aldbury'), [bad['S2']!]])
    world.advance('beacon')
    for (const validator of world.validators) world.openBeacon(validator)
    world.advance('test')
    expect(world.apply(proofOf(world, reserved!, 'D5', 0)).invalid).toBeNull()
    const reports = world.validators.map((validator) => {
      const report = world.report(validator, () => null)
      return { validator, ...report, index: world.commitReport(validator, report) }
    })
    world.advance('report')
    for (const report of reports) world.revealReport(report.validator, report)
    world.advance('probe')
    world.advance('close')
    world.close()
    for (const validator of world.validators) world.attest(validator)
    expect(rowOf(world, 1)).toMatchObject({ points: '0', note: 'void S2 D5' })
  })

  it('S1 takes the one batch', () => {
    const world = worldOf()
    // dates are judged from the second epoch on: before that the log has no earlier clock
    world.playEpoch([])
    const [good, old] = play(world, [honest('Aldbury', 'Bekesbourne'), [bad['S1']!]])
    const entry = proofOf(world, old!, 'D4', 0)
    expect(world.apply(entry).invalid).toBeNull()
    world.testAndClose()
    const { value } = world.state.results[1]!.values.get(good!.manifestCid.toString())!.at(0)!
    expect(value).toBeGreaterThan(0)
    expect(rowOf(world, 2)).toMatchObject({ records: 2, note: null })
    expect(world.state.results[1]!.batches).toEqual([good!.manifestCid.toString()])
  })

  it('cannot be proven of a batch that its author took back in time', () => {
    const world = worldOf()
    const [liar] = play(world, [[bad['S3']!]])
    world.ok(world.contributors[0]!, 'retract', { commit: world.state.batches.get(liar!.manifestCid.toString())!.commitIndex })
    expect(world.apply(proofOf(world, liar!, 'D3', 0)).invalid).toMatchObject({ code: 'RETRACTED' })
    expect(ann(world).revoked).toBeNull()
  })

  it('is a no-op that is named when the batch is honest, and when it is proven twice', () => {
    const world = worldOf()
    const [good, liar] = play(world, [honest('Aldbury'), [bad['S3']!]])
    expect(world.apply(proofOf(world, good!, 'D3', 0)).invalid).toMatchObject({ code: 'HONEST' })
    expect(world.state.frauds).toMatchObject([{ valid: false, check: 'D3' }])
    expect(ann(world).revoked).toBeNull()
    const entry = proofOf(world, liar!, 'D3', 0)
    world.apply(entry)
    expect(world.apply(proofOf(world, liar!, 'D3', 0)).invalid).toMatchObject({ code: 'KNOWN' })
  })
})

describe('what was proven already', () => {
  it('is not proven again: a second proof of the same or a lesser kind is a no-op', () => {
    const world = worldOf()
    world.playEpoch([])
    const [reserved, old] = play(world, [
      [bad['S2']!, bad['S2']!],
      [bad['S1']!, bad['S1']!],
    ])
    for (const [batch, check] of [
      [reserved!, 'D5'],
      [old!, 'D4'],
    ] as const) {
      expect(world.apply(proofOf(world, batch, check, 0)).invalid).toBeNull()
      expect(world.apply(proofOf(world, batch, check, 0)).invalid).toMatchObject({ code: 'KNOWN' })
      expect(world.apply(proofOf(world, batch, check, 1)).invalid).toMatchObject({ code: 'KNOWN' })
    }
  })
})

it('means the same in a light fold: a clock that was wrong revokes nobody', () => {
  const world = worldOf()
  world.playEpoch([])
  const [old] = play(world, [[bad['S1']!]])
  world.apply(proofOf(world, old!, 'D4', 0))
  const light = createLedger({ files: world.files, light: true })
  for (const entry of world.entries) light.apply(entry)
  expect(light.state.batches.get(old!.manifestCid.toString())?.voided).toMatchObject({ check: 'D4' })
  expect(light.state.contributors.get(ann(world).account)?.revoked).toBeNull()
  expect(ann(world).revoked).toBeNull()
})

describe('after the close', () => {
  it('S3 burns everything that has not vested and nothing that has', () => {
    const world = worldOf(1)
    play(world, [honest('Aldbury')])
    world.testAndClose()
    play(world, [honest('Bekesbourne')])
    world.testAndClose()
    const [liar] = play(world, [[bad['S3']!]])
    world.testAndClose()
    const points = () => [...ann(world).points.values()].map((one) => [one.points > 0n, one.void])
    expect(points()).toEqual([
      [true, null],
      [true, null],
      [true, null],
    ])
    expect(world.apply(proofOf(world, liar!, 'D3', 0)).invalid).toBeNull()
    // epochs 1 and 2 vested with the closes of 2 and 3
    expect(points()).toEqual([
      [true, null],
      [true, null],
      [true, 'S3 D3'],
    ])
    expect(vested(world.state, 3).map((one) => one.epoch)).toEqual([1, 2])
  })

  it('S2 takes the points of that epoch, S1 those of the batch', () => {
    const world = worldOf(4)
    const [, reserved] = play(world, [honest('Aldbury'), [bad['S2']!]])
    world.testAndClose()
    play(world, [honest('Bekesbourne')])
    world.testAndClose()
    world.apply(proofOf(world, reserved!, 'D5', 0))
    expect(ann(world).points.get(1)).toMatchObject({ void: 'S2 D5' })
    expect(ann(world).points.get(2)).toMatchObject({ void: null })

    const [good, old] = play(world, [honest('Chilham'), [bad['S1']!]])
    world.testAndClose()
    const before = ann(world).points.get(3)!
    expect([...before.batches.keys()]).toEqual([good!, old!].map((one) => one.manifestCid.toString()))
    expect(world.apply(proofOf(world, old!, 'D4', 0)).invalid).toBeNull()
    expect([...ann(world).points.get(3)!.batches.keys()]).toEqual([good!.manifestCid.toString()])
    expect(ann(world).points.get(3)!.points).toBe(before.points)
  })
})

it('folds to the same state again', () => {
  const world = worldOf(1)
  const [, liar] = play(world, [honest('Aldbury'), [bad['S3']!]])
  world.apply(proofOf(world, liar!, 'D3', 0))
  world.testAndClose()
  const replica = createLedger({ files: world.files })
  for (const entry of world.entries) replica.apply(entry)
  expect(replica.state.contributors).toEqual(world.state.contributors)
  expect(replica.state.results).toEqual(world.state.results)
})
