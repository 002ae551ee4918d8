/** A charter that opens a personal pool: the fold takes it only with a policy of the operator and the notice that people read. */
import { describe, expect, it } from 'vitest'
import { draftPolicy } from '../../tests/support/pool-world.ts'
import { LedgerWorld, seeded } from '../../tests/unit/ledger-world.ts'
import { cborCid, charter as charterShape, type CID, encode, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { printNotice, signPolicy } from '../consent/index.ts'
import { ledgerFilesNamed } from './index.ts'

const members = ['ada', 'bo', 'cy'].map((name) => seeded(name).did)

function opening(world: LedgerWorld, { by = world.operator, notice }: { by?: LedgerWorld['operator']; notice?: Uint8Array } = {}) {
  const signed = signPolicy(draftPolicy(members, 2), by)
  const bytes = encode(charterShape.parse({ ...world.charter, version: 2, consent: signed.cid }))
  const charter = cborCid(bytes)
  const words = notice ?? utf8(printNotice(signed.policy))
  const entry = world.bytes(world.operator, 'charter', { charter, version: 2, from: 1 })
  return { entry, charter, bytes, signed, words, notice: signed.policy.notice.cid }
}

describe('a charter with a consent policy', () => {
  it('needs the charter, then the policy it names, then the notice that this names; with all of them it counts', () => {
    const world = new LedgerWorld()
    const { entry, charter, bytes, signed, words, notice } = opening(world)
    const needs = (): string[] => world.ledger.needs(entry).map(String)
    const named = (): string[] => {
      const read = world.ledger.peek(entry)
      return read ? ledgerFilesNamed(read, world.files).map(String) : []
    }
    const all: [CID, Uint8Array][] = [
      [charter, bytes],
      [signed.cid, signed.bytes],
      [notice, words],
    ]
    for (const [i, [cid, content]] of all.entries()) {
      expect(needs()).toEqual([cid.toString()])
      expect(named()).toEqual(all.slice(0, i + 1).map(([one]) => one.toString()))
      world.files.put(cid, content)
    }
    expect(needs()).toEqual([])
    expect(world.ledger.apply(entry).invalid).toBeNull()
    expect(world.state.pendingCharters[0]?.charter.consent?.equals(signed.cid)).toBe(true)
  })

  it.each<[string, string, Parameters<typeof opening>[1]]>([
    ['that somebody else signed', 'POLICY_NOT_SIGNED', { by: seeded('somebody') }],
    ['whose notice says something else', 'OTHER_NOTICE', { notice: utf8('# Nothing to worry about\n') }],
  ])('%s is refused', (_, code, changes) => {
    const world = new LedgerWorld()
    const { entry, charter, bytes, signed, words, notice } = opening(world, changes)
    world.files.put(charter, bytes)
    world.files.put(signed.cid, signed.bytes)
    world.files.put(notice, words)
    expect(world.ledger.check(entry)).toMatchObject({ ok: false, code })
  })

  it('that is no policy is refused', () => {
    const world = new LedgerWorld()
    const junk = utf8('{}')
    const bytes = encode(charterShape.parse({ ...world.charter, version: 2, consent: rawCid(junk) }))
    world.files.put(rawCid(junk), junk)
    const entry = world.bytes(world.operator, 'charter', { charter: world.files.put(cborCid(bytes), bytes), version: 2, from: 1 })
    expect(world.ledger.check(entry)).toMatchObject({ ok: false, code: 'BAD_FILE_NOT_CBOR' })
  })
})
