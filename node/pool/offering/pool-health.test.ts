/** What is said of who read a contribution, and of what is not known of it. */
import { expect, it } from 'vitest'
import { signObject } from '../../../core/envelope/index.ts'
import { MemoryKv } from '../../../core/kv/index.ts'
import type { Mesh } from '../../../core/mesh/index.ts'
import { ACCESS_GENESIS } from '../../../dao/custody/index.ts'
import type { LedgerState } from '../../../dao/ledger/index.ts'
import { cborCid, decode, encode, peerFromDid, sha256 } from '../../../schemas/wire/index.ts'
import { fill, keyholders, LEDGER, NOW, poolPolicy, sampleManifest, subject } from '../../../tests/support/pool-world.ts'
import { realClock } from '../../../tests/support/real-clock.ts'
import { askHealth } from './pool-health.ts'
import { learnFromLog } from './learn-from-log.ts'
import { PoolBook } from './pool-book.ts'

const policy = poolPolicy()
const manifest = sampleManifest(policy)
const cid = cborCid(encode(manifest))

async function noted() {
  const book = await PoolBook.open(new MemoryKv())
  const known = { salt: fill(1), commitSalt: fill(2), receipts: [], shares: [], commitments: [], source: 'spotify', at: 1 }
  return { book, note: await book.add({ ...known, manifest, committee: policy.policy.committee }) }
}

/** Keyholders with as many lines as they are given, two a page. */
function meshOf(linesBy: Map<string, number>, of = cid): Mesh {
  const ask = (peer: string, _: unknown, { request }: { request: Uint8Array }) => {
    const signer = keyholders(9).find(({ did }) => peerFromDid(did) === peer)
    const count = linesBy.get(peer)
    if (signer === undefined || count === undefined) return Promise.reject(new Error('away'))
    const lines: Uint8Array[] = []
    for (let n = 0; n < count; n++) {
      const prev = n === 0 ? ACCESS_GENESIS : sha256(lines[n - 1] as Uint8Array)
      const who = { by: subject.did, role: 'scorer', purpose: 'dpv:DataQualityAssessment', epoch: 1, indices: [n], trainer: null }
      lines.push(encode({ v: 1, manifest: of, n, prev, at: NOW + n * 1000, ...who, outcome: 'ok' }))
    }
    const head = lines.length === 0 ? ACCESS_GENESIS : sha256(lines.at(-1) as Uint8Array)
    const said = { v: 1, dao: LEDGER, manifest: of, held: true, lines: count, head, at: NOW, by: signer.did }
    const { from } = decode(request) as { from: number }
    return Promise.resolve({ status: 'ok', head: encode(signObject('access-head', said, signer)), lines: lines.slice(from, from + 2) })
  }
  return { ask } as unknown as Mesh
}
const peers = keyholders(9).map(({ did }) => peerFromDid(did))

it('names a keyholder whose log is longer than what is read', async () => {
  const { book, note } = await noted()
  const mesh = meshOf(
    new Map([
      [peers[0] as string, 5],
      [peers[1] as string, 2],
    ]),
  )
  const { told, accesses, faults } = await askHealth({ mesh, clock: realClock, subject, book, note, most: 2 })
  expect([told, accesses?.length]).toEqual([2, 2])
  expect(faults).toMatchObject({ [policy.policy.committee.members[0] as string]: 'ACCESS_LOG_LONG' })
  expect(faults).not.toHaveProperty(policy.policy.committee.members[1] as string)
})

it('tells the mail apart from the chunks of events', async () => {
  const mailed = { ...manifest, mail: cid }
  const book = await PoolBook.open(new MemoryKv())
  const known = { salt: fill(1), commitSalt: fill(2), receipts: [], shares: [], commitments: [], source: 'spotify', at: 1 }
  const note = await book.add({ ...known, manifest: mailed, committee: policy.policy.committee })
  // chunk 0 of one, then the mail behind it
  const mesh = meshOf(new Map([[peers[0] as string, 2]]), note.cid)
  const { accesses } = await askHealth({ mesh, clock: realClock, subject, book, note })
  expect(accesses?.map(({ chunks, mail }) => [chunks, mail])).toEqual([
    [1, false],
    [0, true],
  ])
})

it('asks those too that held a part before a change of committee, and counts none of them as holding one', async () => {
  const { book, note } = await noted()
  const members = keyholders(9)
    .slice(4)
    .map(({ did }) => did)
  const state = { contributions: new Map([[cid.toString(), { committee: { k: 3, members } }]]) } as unknown as LedgerState
  await learnFromLog(book, note, state)
  expect(note.former).toEqual(policy.policy.committee.members.slice(0, 4))
  const mesh = meshOf(new Map(peers.map((peer, i) => [peer, i === 0 ? 1 : 0])))
  const { live, of, told, asked, accesses } = await askHealth({ mesh, clock: realClock, subject, book, note })
  expect([live, of, told, asked, accesses?.length]).toEqual([5, 5, 9, 9, 1])
})
