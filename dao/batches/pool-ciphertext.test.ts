/** Sealed chunks are kept as long as there is a contribution for them, and letting go of one leaves the others alone. */
import { beforeEach, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { type CID, cborCid, encode, peerFromDid, type PoolManifest, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { subjectKey } from '../consent/index.ts'
import { fill, LEDGER, poolPolicy, sampleManifest } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { PoolCiphertext } from './index.ts'

const policy = poolPolicy()
const subjects = [1, 2].map((byte) => subjectKey(fill(byte), LEDGER).did)
let storage: MemoryStorage
/** Peers that were asked, in order. */
let asked: string[]
let revealed: Set<string>
let stop: AbortController
beforeEach(() => {
  ;[storage, asked, revealed, stop] = [new MemoryStorage(), [], new Set(), new AbortController()]
})

const of = (subject: string, sequence = 0): { cid: CID; manifest: PoolManifest } => {
  const manifest = sampleManifest(policy, { subject, sequence })
  return { cid: cborCid(encode(manifest)), manifest }
}

function ciphertext(): PoolCiphertext {
  const mesh = {
    peer: 'us',
    peers: () => subjects.map(peerFromDid),
    // slow for ever
    ask: (peer: string) => {
      asked.push(peer)
      return new Promise((_, reject) => {
        stop.signal.addEventListener('abort', () => reject(new Error('stopped')))
      })
    },
  } as unknown as Mesh
  return new PoolCiphertext({
    mesh,
    storage,
    clock: realClock,
    signal: stop.signal,
    logger: silent,
    file: () => undefined,
    others: () => [],
    isRevealed: (cid) => revealed.has(cid.toString()),
    onWhole: () => undefined,
  })
}

it('fetches what the log has seen first, and of what it has not one of each subject', async () => {
  const pool = ciphertext()
  const [a, b] = subjects as [string, string]
  for (let i = 0; i < 6; i++) pool.want(of(a, i))
  const shown = of(b)
  revealed.add(shown.cid.toString())
  pool.want(shown)
  pool.tend()
  await expect.poll(() => asked).toEqual([peerFromDid(b), peerFromDid(a)])
  stop.abort()
  await pool[Symbol.asyncDispose]()
})

it('lets go of one contribution and of no other, and at a tidying of whatever nobody holds a share of', async () => {
  const pool = ciphertext()
  const space = storage.private
  const keep = async (word: string): Promise<CID> => {
    const bytes = utf8(word)
    await space.put([{ cid: rawCid(bytes), bytes }])
    return rawCid(bytes)
  }
  const [one, other, coming, batch] = (await Promise.all(['one', 'other', 'coming', 'batch'].map(keep))) as [CID, CID, CID, CID]
  for (const cid of [one, other]) await space.pin(cid, { what: 'pool' })
  await space.pin(batch, { what: 'batch' })
  await pool.drop(one)
  expect([await space.has(one), await space.has(other), await space.has(coming)]).toEqual([false, true, true])
  await pool.drop(coming)
  // what a restart finds pinned needs neither a manifest nor a question, once the log has it
  const isOther = (cid: CID): boolean => cid.equals(other)
  await pool.tidy(isOther)
  expect(pool.isWhole(other)).toBe(false)
  revealed.add(other.toString())
  await pool.tidy(isOther)
  expect([pool.isWhole(other), pool.isWhole(batch)]).toEqual([true, false])
  pool.want({ ...of(subjects[0] as string), cid: other })
  pool.tend()
  expect(asked).toEqual([])
  await pool.tidy(() => false)
  expect(pool.isWhole(other)).toBe(false)
  expect([await space.has(other), await space.has(batch), await space.has(coming)]).toEqual([false, true, true])
})
