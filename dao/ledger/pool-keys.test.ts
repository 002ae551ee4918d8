import { describe, expect, it } from 'vitest'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { draftPolicy, fill } from '../../tests/support/pool-world.ts'
import { LedgerWorld, seeded } from '../../tests/unit/ledger-world.ts'
import { cborCid, type CID, charter as charterShape, encode, utf8 } from '../../schemas/wire/index.ts'
import { printNotice, signPolicy } from '../consent/index.ts'
import { dealPoolKey } from '../custody/index.ts'
import { ledgerFilesNamed, poolKeysNamed } from './index.ts'

const members = [1, 2, 3].map((i) => keyFromSeed(fill(20 + i)).did)
interface Dealt {
  dao?: string
  k?: number
  of?: readonly string[]
  by?: Signer
}

/** A charter whose policy names a key; what its entry says, and the key's CID. */
function announce(world: LedgerWorld, { dao = world.id, k = 2, of = members, by = world.operator }: Dealt = {}, keep = true): CID {
  const key = encode(dealPoolKey({ dao, k, members: of, at: 1 }, by).key)
  const { policy, bytes, cid } = signPolicy({ ...draftPolicy(members, 2), poolKey: cborCid(key) }, world.operator)
  world.files.put(policy.notice.cid, utf8(printNotice(policy)))
  world.files.put(cid, bytes)
  if (keep) world.files.put(cborCid(key), key)
  const charter = encode(charterShape.parse({ ...world.charter, version: 2, consent: cid }))
  world.files.put(cborCid(charter), charter)
  return cborCid(charter)
}
const said = (charter: CID) => ({ charter, version: 2, from: 1 })

describe('the key that a policy names', () => {
  it('is a ledger file of the charter’s entry, and is found by whoever folds', () => {
    const world = new LedgerWorld()
    expect(poolKeysNamed(world.state, world.files)).toEqual([])
    world.ok(world.operator, 'charter', said(announce(world)))
    const [named] = poolKeysNamed(world.state, world.files)
    expect(named?.key).toMatchObject({ k: 2, members, by: world.operator.did, dao: world.id })
    expect(named?.cid.equals(cborCid(encode(named.key)))).toBe(true)
  })

  it('must come with the entry', () => {
    const world = new LedgerWorld()
    const p = said(announce(world, {}, false))
    expect(world.ledger.needs(world.bytes(world.operator, 'charter', p))).toHaveLength(1)
    expect(ledgerFilesNamed({ t: 'charter', p } as never, world.files)).toHaveLength(4)
  })

  it.each<[string, string, (world: LedgerWorld) => Dealt]>([
    ['of a stranger', 'NOT_OPERATOR', () => ({ by: seeded('stranger') })],
    ['of another DAO', 'OTHER_KEY', () => ({ dao: `quern/${'x'.repeat(32)}` })],
    ['of other members', 'OTHER_KEY', () => ({ of: [...members.slice(0, 2), seeded('other').did] })],
    ['of the same in another order', 'OTHER_KEY', () => ({ of: members.toReversed() })],
    ['that takes more of them', 'OTHER_KEY', () => ({ k: 3 })],
  ])('%s is refused', (_, code, dealt) => {
    const world = new LedgerWorld()
    expect(world.say(world.operator, 'charter', said(announce(world, dealt(world)))).invalid?.code).toBe(code)
  })
})
