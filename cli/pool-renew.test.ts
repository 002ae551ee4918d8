/** A newer consent is asked for like the first: under the same policy, before the old one ends, and what is not ticked any more is told. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { MemoryKv } from '../core/kv/index.ts'
import { printNotice, readReceipt, receiptId, signReceipt, signWithdrawal } from '../dao/consent/index.ts'
import { PoolBook, type PoolNote, sealContribution } from '../node/pool/offering/index.ts'
import { type ConsentReceipt, encode, type Purpose, utf8 } from '../schemas/wire/index.ts'
import { eventLines } from '../tests/support/pool-network.ts'
import { fill, keyholders, LEDGER, operator, poolPolicy, receiptFor, subject } from '../tests/support/pool-world.ts'
import { askRenewal } from './commands/pool-renew.ts'
import type { OfferedPolicy } from './wiring/index.ts'

const given = poolPolicy()
const NEEDED: Purpose[] = ['ai:ModelTraining', 'dpv:DataQualityAssessment']
const now = Math.floor(Date.now() / 1000)
const offeredOf = ({ policy, cid, bytes }: ReturnType<typeof poolPolicy>): OfferedPolicy => ({
  cid,
  value: policy,
  bytes,
  notice: utf8(printNotice(policy)),
  key: undefined,
})

async function held(changes: Partial<ConsentReceipt> = {}): Promise<PoolNote> {
  const { manifest, salt, shares, commitments } = sealContribution({
    lines: eventLines(3),
    dao: LEDGER,
    subject: subject.did,
    policy: { cid: given.cid, value: given.policy },
    schema: 'activity@1',
    from: '2025-01',
    to: '2025-12',
  })
  const dates = { given: now - 100, expires: now + 86_400 }
  const receipt = receiptFor(given, manifest, { purposes: [...NEEDED, 'ai:Benchmarking'], ...dates, ...changes })
  const known = { commitSalt: fill(8), receipts: [signReceipt(receipt, subject)], committee: given.policy.committee }
  const book = await PoolBook.open(new MemoryKv())
  return book.add({ ...known, manifest, salt, shares, commitments, source: 'spotify', at: 5 })
}

// what is shown to people is theirs to read
beforeAll(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())

const ask = (note: PoolNote, flags: object, policy = given) =>
  askRenewal(note, {
    policy: offeredOf(policy),
    subject,
    operator: operator.did,
    flags: { yes: true, adult: true, purpose: NEEDED, ...flags },
    prompter: undefined,
  })

it('gives a receipt that names the one before, and what is not ticked any more', async () => {
  const note = await held()
  const { receipt, leftOut } = await ask(note, { days: '10' })
  expect(leftOut).toEqual(['ai:Benchmarking'])
  const read = readReceipt(receipt)
  expect(read).toMatchObject({ ok: true, receipt: { purposes: NEEDED, prev: receiptId(note.receipts[0] as string) } })
  expect(read.ok && read.receipt.expires - read.receipt.given).toBe(864_000)
  expect((await ask(note, { purpose: [...NEEDED, 'ai:Benchmarking'] })).leftOut).toEqual([])
})

it.each<[string, string, object, Partial<ConsentReceipt>]>([
  ['has ended', 'EXPIRED', {}, { given: now - 1000, expires: now - 1 }],
  ['would last longer than the policy keeps data', 'TOO_LONG', { days: '366' }, {}],
  ['lacks a needed purpose', 'PURPOSE_MISSING', { purpose: ['ai:ModelTraining'] }, {}],
  ['is for what the pool does not ask for', 'PURPOSE_UNKNOWN', { purpose: [...NEEDED, 'dpv:CommercialResearch'] }, {}],
  ['names an optional purpose under privacy control', 'GPC', { purpose: [...NEEDED, 'ai:Benchmarking'], gpc: true }, {}],
  ['nobody is there to give', 'UNATTENDED', { yes: false }, {}],
])('is refused where it %s', async (_, code, flags, changes) => {
  await expect(ask(await held(changes), flags)).rejects.toMatchObject({ code })
})

it('is not given for a mail under privacy control, before anything is asked', async () => {
  const note = await held({ mail: true })
  await expect(ask(note, { gpc: true, yes: false })).rejects.toMatchObject({
    code: 'GPC',
    message: expect.stringContaining('pool withdraw') as string,
  })
})

it('is not given under another policy, nor for a purpose that was withdrawn, nor where the receipts are lost', async () => {
  const note = await held()
  await expect(ask(note, {}, poolPolicy(keyholders(7).map(({ did }) => did)))).rejects.toMatchObject({ code: 'OTHER_POLICY' })
  const withdrawn = signWithdrawal({ manifest: note.cid, at: now, scope: ['ai:Benchmarking'], ask: ['stop'] }, subject)
  const narrowed = { ...note, withdrawals: [encode(withdrawn)] }
  await expect(ask(narrowed, { purpose: [...NEEDED, 'ai:Benchmarking'] })).rejects.toMatchObject({ code: 'PURPOSE_UNKNOWN' })
  await expect(ask({ ...note, salt: null, receipts: [] }, {})).rejects.toMatchObject({ code: 'RECEIPT_LOST' })
})
