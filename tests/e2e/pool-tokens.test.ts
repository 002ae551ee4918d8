/** Tokens of a contribution's bands from real keyholders over TCP on loopback, and what they refuse. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { type Mesh, openLibp2pMesh } from '../../core/mesh/index.ts'
import { askForTokens, dealPoolKey } from '../../dao/custody/index.ts'
import { bandsOfLines } from '../../node/pool/seal/index.ts'
import { peerFromDid, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { openKeyholder, openShareTable, type PoolView } from '../../validator/keyholder/index.ts'
import { eventLines } from '../support/pool-network.ts'
import { fill, keyholders, LEDGER, operator, subject } from '../support/pool-world.ts'
import { realClock } from '../support/real-clock.ts'

/** One moment of one day: what an account may ask is counted by days. */
const clock = { ...realClock, now: () => 1_800_000_000_000 }
const stack = new AsyncDisposableStack()
const holders = keyholders(3)
const { key, shares } = dealPoolKey({ dao: LEDGER, k: 2, members: holders.map(({ did }) => did), at: 1 }, operator)
const joined = new Set([subject.did])
const meshes: Mesh[] = []
let asking: Mesh
const view: PoolView = {
  ledger: LEDGER,
  operator: operator.did,
  policy: () => undefined,
  beacon: () => undefined,
  mayScore: () => false,
  isSubject: () => false,
  isSeated: () => false,
}
const open = async (signer: Signer): Promise<Mesh> =>
  stack.use(await openLibp2pMesh({ signer, clock: realClock, listen: ['/ip4/127.0.0.1/tcp/0'], privateNetwork: true }))

beforeAll(async () => {
  for (const [i, signer] of holders.entries()) {
    const folder = await mkdtemp(path.join(tmpdir(), 'quern-tokens-'))
    stack.defer(() => rm(folder, { recursive: true }))
    const mesh = await open(signer)
    const table = await openShareTable(path.join(folder, 'shares'), { file: path.join(folder, 'kek') })
    const tokens = { key, share: shares[i] as (typeof shares)[number], hasJoined: (account: string) => joined.has(account) }
    stack.use(await openKeyholder({ mesh, clock, signer, table, kv: new MemoryKv(), view, logger: silent, tokens }))
    meshes.push(mesh)
  }
  asking = await dial(subject)
})
afterAll(() => stack.disposeAsync())

async function dial(signer: Signer): Promise<Mesh> {
  const mesh = await open(signer)
  for (const holder of meshes) await mesh.connect(holder.addresses())
  return mesh
}

describe('keyholders', () => {
  it('give a contribution sixteen tokens, the same to whoever has the same events', async () => {
    const bands = bandsOfLines(eventLines(60))
    const { tokens, faults } = await askForTokens({ mesh: asking, clock, signer: subject, key, bands })
    expect(tokens.map(toHex)).toHaveLength(16)
    expect(faults.size).toBe(0)
    const other = keyFromSeed(fill(77))
    joined.add(other.did)
    const same = await askForTokens({ mesh: await dial(other), clock, signer: other, key, bands: bandsOfLines(eventLines(60)) })
    expect(same.tokens.map(toHex)).toEqual(tokens.map(toHex))
  })

  it('do with one silent, and name it', async () => {
    const gone = holders[2] as Signer
    const mesh = {
      ask: ((peer: string, ...rest: [never, never]) =>
        peer === peerFromDid(gone.did) ? Promise.reject(new Error('silent')) : asking.ask(peer, ...rest)) as Mesh['ask'],
    }
    const { faults } = await askForTokens({ mesh, clock, signer: subject, key, bands: [sha256(utf8('a'))] })
    expect([...faults.keys()]).toEqual([gone.did])
  })

  it('refuse who has not joined, and another key', async () => {
    const stranger = keyFromSeed(fill(78))
    const codes = async (signer: Signer, of: typeof key, mesh: Mesh) =>
      askForTokens({ mesh, clock, signer, key: of, bands: [sha256()] }).then(
        () => [],
        (thrown: { detail: { faults: Record<string, string> } }) => [...new Set(Object.values(thrown.detail.faults))],
      )
    expect(await codes(stranger, key, await dial(stranger))).toEqual(['NOT_JOINED'])
    expect(await codes(subject, { ...key, at: 2 }, asking)).toEqual(['OTHER_KEY'])
    // carried by somebody else
    expect(await codes(stranger, key, asking)).toEqual(['NOT_YOURS'])
  })

  it('answer for 64 bands a day and account, and no more', async () => {
    const eager = keyFromSeed(fill(79))
    joined.add(eager.did)
    const mesh = await dial(eager)
    const bands = Array.from({ length: 16 }, (_, i) => sha256(utf8(`guess ${i}`)))
    for (let i = 0; i < 4; i++) await askForTokens({ mesh, clock, signer: eager, key, bands })
    await expect(askForTokens({ mesh, clock, signer: eager, key, bands: bands.slice(1) })).rejects.toMatchObject({
      detail: { faults: Object.fromEntries(holders.map(({ did }) => [did, 'TOO_MANY'])) },
    })
  })
})
