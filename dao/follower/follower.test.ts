import { describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { World } from '../../sim/world/index.ts'
import { LedgerWorld, type TestValidator } from '../../tests/unit/ledger-world.ts'
import { leafHash, rootOfLeaves } from '../log/index.ts'
import type { CID } from '../../schemas/wire/index.ts'
import { Follower, type LogPage, MemoryFiles } from './index.ts'

/** A ledger, and somebody who follows it while `page` says what the DAO would. */
function scene(fetchFiles?: (ledger: LedgerWorld, cids: CID[]) => (Uint8Array | undefined)[]) {
  const asked: { together: number; alone: number } = { together: 0, alone: 0 }
  const ledger = new LedgerWorld({ validators: 4, contributors: ['ann'] })
  const { clock } = new World({ seed: 1 })
  let by: TestValidator[] = ledger.validators
  let entries: Uint8Array[] = ledger.entries
  const files = new MemoryFiles()
  const follower = new Follower({
    ledgerId: ledger.id,
    source: async ({ from, limit }): Promise<LogPage> => ({ checkpoint: ledger.note({ by }), entries: entries.slice(from, from + limit) }),
    fetchFile: async (cid) => {
      asked.alone++
      return ledger.files.read(cid)
    },
    ...(fetchFiles && {
      fetchFiles: async (cids: CID[]) => {
        asked.together++
        return fetchFiles(ledger, cids)
      },
    }),
    files,
    clock,
    logger: silent,
    light: true,
    signal: new AbortController().signal,
  })
  return {
    ledger,
    follower,
    asked,
    cosign: (validators: TestValidator[]) => void (by = validators),
    serve: (other: Uint8Array[]) => void (entries = other),
    /** So many of the seats go, and as many others come. */
    replace: (count: number): TestValidator[] => {
      const gone = ledger.validators.slice(0, count)
      const come = gone.map((_, i) => ledger.validator(`newcomer-${i}`))
      ledger.ok(ledger.operator, 'roster', { add: come.map((one) => one.statement), remove: gone.map((one) => one.signer.did) })
      return [...ledger.validators.slice(count), ...come]
    },
    syncTimes: async (times: number): Promise<string[]> => {
      const said: string[] = []
      for (let i = 0; i < times; i++) said.push(await follower.sync().then(String, (error: { code: string }) => error.code))
      return said
    },
  }
}

describe('a follower that was away while more seats changed than the quorum can spare', () => {
  it('learns the seats from the log itself and goes on', async () => {
    const { ledger, follower, cosign, replace, syncTimes } = scene()
    await follower.sync()
    const before = follower.state.size
    cosign(replace(3))
    expect(await syncTimes(3)).toEqual(['NOT_COSIGNED', 'NOT_COSIGNED', 'true'])
    expect(follower.state.size).toBe(before + 1)
    expect([...follower.state.validators.values()].filter((seat) => seat.active)).toHaveLength(4)
    ledger.ok(ledger.operator, 'anchor', { target: 'somewhere', proof: new Uint8Array(32) })
    expect(await follower.sync()).toBe(true)
  })

  it('takes no checkpoint that too few of the seats in the log itself cosigned', async () => {
    const { follower, cosign, replace, syncTimes } = scene()
    await follower.sync()
    cosign(replace(3).slice(0, 2))
    expect(new Set(await syncTimes(20))).toEqual(new Set(['NOT_COSIGNED']))
    expect([...follower.state.validators.keys()]).toHaveLength(4)
  })

  it('names a fork when the log does not hold what it gave before', async () => {
    const { ledger, follower, cosign, serve, replace, syncTimes } = scene()
    await follower.sync()
    cosign(replace(3))
    // the last entry that was given before, gone: what follows still hashes to the checkpoint only over the true ones
    const forked = [...ledger.entries]
    forked[1] = forked[2] as Uint8Array
    serve(forked)
    expect(rootOfLeaves(forked.map(leafHash))).not.toEqual(ledger.state.tree.rootAt(forked.length))
    expect((await syncTimes(3)).at(-1)).toBe('LOG_FORKED')
  })
})

describe('files that news names', () => {
  const reveal = (ledger: LedgerWorld): void => {
    ledger.advanceTo('gather')
    const committed = ledger.contributors.flatMap((signer) =>
      [0, 1, 2].map((n) => ({ signer, batch: ledger.commit(signer, [{ text: `record number ${n}, with words of its own` }]) })),
    )
    ledger.advanceTo('reveal')
    for (const { signer, batch } of committed) ledger.reveal(signer, batch)
  }

  it('come in one question', async () => {
    const { ledger, follower, asked } = scene((world, cids) => cids.map((cid) => world.files.read(cid)))
    reveal(ledger)
    expect(await follower.sync()).toBe(true)
    expect(asked).toEqual({ together: 1, alone: 0 })
    expect(follower.state.batches.size).toBe(3)
  })

  it.each<[string, (ledger: LedgerWorld, cids: CID[]) => (Uint8Array | undefined)[]]>([
    ['when one does not come', (world, cids) => cids.map((cid, i) => (i === 1 ? undefined : world.files.read(cid)))],
    ['when other bytes come', (_, cids) => cids.map(() => Uint8Array.of(1, 2, 3))],
    ['when fewer come than were asked for', (world, cids) => cids.slice(0, 1).map((cid) => world.files.read(cid))],
    [
      'when the question fails',
      () => {
        throw new Error('reset')
      },
    ],
  ])('are asked for one by one %s', async (_, fetchFiles) => {
    const { ledger, follower, asked } = scene(fetchFiles)
    reveal(ledger)
    expect(await follower.sync()).toBe(true)
    expect(asked.alone).toBeGreaterThan(0)
    expect(follower.state.batches.size).toBe(3)
  })
})
