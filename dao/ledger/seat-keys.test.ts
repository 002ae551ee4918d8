import { describe, expect, it } from 'vitest'
import { LedgerWorld, seeded } from '../../tests/unit/ledger-world.ts'
import { signObject } from '../../core/envelope/index.ts'
import { formatVkey, noteKey, parseVkey, SIGNATURE_TYPES } from '../log/index.ts'
import { mayBeSeated } from './rules-admission.ts'

describe('a seat', () => {
  const world = new LedgerWorld({ validators: 2 })
  const [first] = world.validators
  const asking = (change: object) => {
    const { s: _, ...statement } = world.validator('late').statement
    return mayBeSeated(world.state, signObject('validator', { ...statement, ...change }, seeded('late')))
  }
  /** The same key under a name and a type of one's own. */
  const renamed = (vkey: string, type: 1 | 4 = SIGNATURE_TYPES.cosignature) =>
    formatVkey(noteKey('another/name', type, parseVkey(vkey).publicKey))

  it('is given for three keys of one’s own', () => {
    expect(asking({})).toBeUndefined()
  })

  it('is refused for the key of another, under whatever name: its cosignatures would count twice', () => {
    const theirs = first!.statement
    for (const change of [
      { witness: renamed(theirs.witness) },
      { witness: renamed(theirs.mirror) },
      { mirror: renamed(theirs.witness, 1) },
    ])
      expect(asking(change)).toMatchObject({ code: 'SAME_KEY' })
  })

  it('is refused for one key in two roles, and for what is no key', () => {
    const mine = world.validator('late').statement
    expect(asking({ audit: renamed(mine.witness) })).toMatchObject({ code: 'SAME_KEY' })
    expect(asking({ mirror: 'none' })).toMatchObject({ code: 'BAD_VKEY' })
    expect(asking({ witness: renamed(mine.witness, 1) })).toMatchObject({ code: 'BAD_VKEY' })
  })
})
