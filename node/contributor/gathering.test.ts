import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { hostHolders, holdsLease, isAssigned } from '../../dao/ledger/index.ts'
import { PHASES } from '../../schemas/wire/index.ts'
import { World } from '../../sim/world/index.ts'
import { LedgerWorld } from '../../tests/unit/ledger-world.ts'
import { BatchBook } from './batch-book.ts'
import type { GatherJob } from './gather.ts'
import { Gathering } from './gathering.ts'
import type { Bench } from './options.ts'

/** The job that a contributor is given by the ledger of now; it brings nothing. */
async function jobOf(ledger: LedgerWorld, me: string): Promise<GatherJob> {
  const { clock, random } = new World({ seed: 1 })
  const given = Promise.withResolvers<GatherJob>()
  const book = await BatchBook.open(new MemoryKv())
  const gather = async (job: GatherJob) => {
    given.resolve(job)
    return { urls: [] }
  }
  const options = { clock, random, logger: silent, storage: new MemoryStorage(), gather }
  const bench = { state: () => ledger.state, me, book, options, signal: new AbortController().signal, wake() {}, say() {} }
  await using gathering = new Gathering(bench as unknown as Bench)
  gathering.tend()
  return await given.promise
}

it('is told what the ledger says of hosts: whose they are, which pages are its own, and its share of their pace', async () => {
  const phases = PHASES.map((phase) => [phase, { minSeconds: 0, maxSeconds: 3600 }])
  const ledger = new LedgerWorld({
    contributors: ['ann', 'bob', 'cyd'],
    charter: { epoch: Object.fromEntries([...phases, ['leases', 'hash']]) as never },
  })
  ledger.advance('gather')
  const holders = hostHolders(ledger.state, 'a.example')
  const pages = Array.from({ length: 20 }, (_, i) => `https://a.example/${i}`)
  for (const { did } of ledger.contributors) {
    const job = await jobOf(ledger, did)
    const isHolder = holders.includes(did)
    expect([job.leased('https://a.example/'), holdsLease(ledger.state, did, 'https://a.example/')]).toEqual([isHolder, isHolder])
    expect(job.share('a.example')).toEqual(isHolder ? { times: 2, place: holders.indexOf(did) } : { times: 3, place: 2 })
    expect(pages.filter((page) => job.mine(page))).toEqual(pages.filter((page) => isAssigned(ledger.state, did, page)))
  }
})
