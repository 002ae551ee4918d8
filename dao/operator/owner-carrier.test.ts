/** What is carried to an owner under the veto, and for whom: nothing of strangers, nothing old, and never another word than was said. */
import { beforeEach, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { generateAgeIdentity } from '../custody/index.ts'
import { type CID, encode, peerFromDid } from '../../schemas/wire/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { type Contributed, PoolLedgerWorld } from '../../tests/unit/pool-ledger-world.ts'
import { carryToOwners } from './owner-carrier.ts'

type Ask = (query: { request: Uint8Array; order: null }, call: { peer: string; signal: AbortSignal }) => Promise<object>
const { recipient } = await generateAgeIdentity()
const world = new PoolLedgerWorld()
const owner = world.person('owner')
const gone = world.person('gone')
const [mine, open, ended] = world.gatherPool(() => [
  world.offer(owner, {}, { custody: 'committee+owner' }),
  world.offer(world.person('other')),
  world.offer(gone, {}, { custody: 'committee+owner' }),
]) as [Contributed, Contributed, Contributed]
world.withdraw(gone)
const scorer = world.validators[0]?.signer as typeof owner
let connected: string[]
let carried: { peer: string; query: object }[]
let handler: Ask
let answers: () => Promise<object>

beforeEach(() => {
  connected = [peerFromDid(owner.did), peerFromDid(gone.did)]
  carried = []
  answers = async () => ({ status: 'ok', sealed: new Uint8Array([7]) })
  const mesh = {
    handle: (_: unknown, given: Ask) => {
      handler = given
      return { [Symbol.dispose]: () => undefined }
    },
    peers: () => connected,
    ask: async (peer: string, _: unknown, query: object) => {
      carried.push({ peer, query })
      return answers()
    },
  } as unknown as Mesh
  const mayRead = (peer: string): boolean => peer === peerFromDid(scorer.did)
  carryToOwners({ mesh, clock: { ...realClock, now: () => world.now * 1000 }, logger: silent, state: () => world.state, mayRead })
})

const requestOf = (manifest: CID, by = scorer, changes: object = {}): Uint8Array => {
  const draft = { v: 1, dao: world.id, manifest, indices: [0], purpose: 'dpv:DataQualityAssessment', role: 'scorer', epoch: 1 }
  return encode(signObject('key-request', { ...draft, by: by.did, reply: recipient, at: world.now, ...changes }, by))
}
const ask = (request: Uint8Array, by = scorer): Promise<object> =>
  handler({ request, order: null }, { peer: peerFromDid(by.did), signal: new AbortController().signal })

it('carries the very bytes to the node of the contribution’s subject, and its answer back', async () => {
  const request = requestOf(mine.cid)
  expect(await ask(request)).toEqual({ status: 'ok', sealed: new Uint8Array([7]) })
  expect(carried).toEqual([{ peer: peerFromDid(owner.did), query: { request, order: null } }])
})

it.each<[string, string, () => Promise<object>]>([
  ['from somebody who did not write it', 'NOT_YOURS', () => ask(requestOf(mine.cid), owner)],
  ['of somebody who reads nothing here', 'NOT_NAMED', () => ask(requestOf(mine.cid, owner), owner)],
  ['that was changed', 'BAD_SIGNATURE', () => ask(requestOf(mine.cid, scorer, { s: new Uint8Array(64) }))],
  ['for another DAO', 'OTHER_DAO', () => ask(requestOf(mine.cid, scorer, { dao: 'quern/other' }))],
  ['of an hour ago', 'STALE', () => ask(requestOf(mine.cid, scorer, { at: world.now - 3600 }))],
  ['of what was withdrawn', 'UNKNOWN', () => ask(requestOf(ended.cid))],
  ['of what keyholders alone open', 'UNKNOWN', () => ask(requestOf(open.cid))],
])('carries nothing %s', async (_, code, asked) => {
  expect(await asked()).toMatchObject({ status: 'refused', code })
  expect(carried).toEqual([])
})

it('says that an owner is away who is not connected, or does not answer', async () => {
  answers = () => Promise.reject(new Error('gone'))
  expect(await ask(requestOf(mine.cid))).toMatchObject({ code: 'OWNER_AWAY' })
  connected = []
  expect(await ask(requestOf(mine.cid))).toMatchObject({ code: 'OWNER_AWAY' })
  expect(carried).toHaveLength(1)
})
