import { expect, it } from 'vitest'
import { policy, PoolLedgerWorld } from '../../tests/unit/pool-ledger-world.ts'
import { encode } from '../../schemas/wire/index.ts'
import { MemoryFiles } from '../follower/index.ts'
import { Admission } from './admission.ts'

it('takes a contribution with its manifest and index, keeps both, and no other file', async () => {
  const world = new PoolLedgerWorld()
  world.advance('gather')
  const one = world.offer(world.person('a'))
  world.advance('reveal')
  const files = new MemoryFiles()
  // what the operator has: its charter, its policy, and the notice of that
  for (const cid of [world.charterCid, one.manifest.policy, policy.policy.notice.cid])
    await files.write(cid, world.files.read(cid) as Uint8Array)
  const admission = new Admission({ ledgerId: world.id, files })
  for (const entry of world.entries) expect(admission.admit(entry)).toEqual({ ok: true })
  const { commit, cid: manifest, salt } = one
  const entry = world.bytes(one.signer, 'contribution.reveal', { epoch: 1, commit, manifest, salt })
  const [manifestBytes, indexBytes] = [encode(one.manifest), encode(one.index)]
  expect(await admission.takeFiles(entry, [manifestBytes])).toMatchObject({ code: 'FILE_MISSING' })
  expect(await admission.takeFiles(entry, [manifestBytes, indexBytes, encode('more')])).toMatchObject({ code: 'FILE_NOT_NAMED' })
  expect(files.read(manifest)).toBeUndefined()
  expect(await admission.takeFiles(entry, [manifestBytes, indexBytes])).toBeUndefined()
  expect([manifest, one.manifest.index].map((cid) => files.read(cid))).toEqual([manifestBytes, indexBytes])
  expect(admission.admit(entry)).toEqual({ ok: true })
  expect(admission.ledger.state.contributions.size).toBe(1)
})
