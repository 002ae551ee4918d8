/** A newer consent is asked for like the first: under the same policy, before the old one ends, and what is not ticked any more is told. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Kv } from '../core/effects/index.ts'
import { MemoryKv } from '../core/kv/index.ts'
import { printNotice, readReceipt, receiptId, signReceipt, signWithdrawal } from '../dao/consent/index.ts'
import { PoolBook, type PoolNote, sealContribution } from '../node/pool/offering/index.ts'
import { type ConsentReceipt, encode, type Purpose, utf8 } from '../schemas/wire/index.ts'
import { eventLines } from '../tests/support/pool-network.ts'
import { fill, keyholders, LEDGER, operator, poolPolicy, receiptFor, subject } from '../tests/support/pool-world.ts'
import { askRenewal, giveAnew } from './commands/pool-renew.ts'
import { type Flags, type Prompter, prompterOver } from './program/index.ts'
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

async function held(changes: Partial<ConsentReceipt> = {}, kv: Kv = new MemoryKv()): Promise<PoolNote> {
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
  const book = await PoolBook.open(kv)
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

/** At a terminal: says yes to the questions that hold one of these words, and counts all of them. */
function person(...yes: string[]): Prompter & { asked: number } {
  return {
    asked: 0,
    yes(question) {
      this.asked++
      return Promise.resolve(yes.some((word) => question.includes(word)))
    },
  }
}
/** At a terminal whose input ends. */
function leaving(): Prompter & { asked: number } {
  const input = new PassThrough()
  input.end()
  const prompter = prompterOver(input, new PassThrough())
  return {
    asked: 0,
    yes(question) {
      this.asked++
      return prompter.yes(question)
    },
  }
}

describe('of what is in the pool', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'quern-renew-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  async function renew(
    flags: Flags,
    prompter: Prompter | undefined,
    changed: Partial<PoolNote> = {},
    receipt: Partial<ConsentReceipt> = {},
  ) {
    const kv = new MemoryKv()
    await held(receipt, kv)
    const book = await PoolBook.open(kv)
    const note = book.live as PoolNote
    await book.update(note, changed)
    const before = { ...note }
    const asking = { policy: offeredOf(given), subject, operator: operator.did, flags, prompter }
    const outcome = await giveAnew(folder, { book, note, ...asking }).catch((error: { code: string }) => error.code)
    return { outcome, before, after: (await PoolBook.open(kv)).live }
  }
  const yes = { yes: true, adult: true, purpose: NEEDED }
  const withdrawn = (note: PoolNote) =>
    encode(signWithdrawal({ manifest: note.cid, at: now, scope: ['ai:Benchmarking'], ask: ['stop'] }, subject))

  it.each<[string, string, number, (Prompter & { asked: number }) | undefined, Flags, Partial<ConsentReceipt>]>([
    ['answers no to a needed purpose', 'NOT_AGREED', 1, person('adult', 'ai:Benchmarking'), {}, {}],
    ['answers no to another needed purpose', 'NOT_AGREED', 2, person('ai:ModelTraining', 'adult'), {}, {}],
    ['named it beforehand, and answers no', 'NOT_AGREED', 1, person('adult'), { adult: true, purpose: NEEDED }, {}],
    ['is no adult', 'NOT_ADULT', 5, person(...NEEDED), {}, {}],
    ['leaves without an answer', 'NOT_AGREED', 1, leaving(), {}, {}],
    ['wants more days than there are, before any question', 'TOO_LONG', 0, person('I '), { days: '366' }, {}],
    ['comes when it has ended, before any question', 'EXPIRED', 0, person('I '), {}, { given: now - 1000, expires: now - 1 }],
    ['is not there', 'UNATTENDED', 0, undefined, { purpose: NEEDED, adult: true }, {}],
    ['is not there, and named nothing', 'PURPOSE_MISSING', 0, undefined, { yes: true, adult: true, purpose: [] }, {}],
    ['is not there, and no adult', 'NOT_ADULT', 0, undefined, { yes: true, purpose: NEEDED }, {}],
  ])('nothing is renewed for whoever %s', async (_, code, questions, prompter, flags, receipt) => {
    const { outcome, before, after } = await renew(flags, prompter, {}, receipt)
    expect([outcome, prompter?.asked ?? 0]).toEqual([code, questions])
    expect(after).toEqual(before)
    expect(await readdir(folder)).toEqual([])
  })

  it('nothing is renewed for the 65th time, before any question', async () => {
    const { receipts } = await held()
    const who = person('I ')
    const { outcome, before, after } = await renew({}, who, { receipts: Array(64).fill(receipts[0]) as string[] })
    expect([outcome, who.asked, after]).toEqual(['TOO_OFTEN', 0, before])
    expect(await readdir(folder)).toEqual([])
  })

  it('what was withdrawn is neither asked for nor given by name', async () => {
    const kv = new MemoryKv()
    const note = await held({}, kv)
    const book = await PoolBook.open(kv)
    await book.update(book.live as PoolNote, { withdrawals: [withdrawn(note)] })
    const narrowed = (): PoolNote => book.live as PoolNote
    const asking = { policy: offeredOf(given), subject, operator: operator.did }
    const flags = { ...yes, purpose: [...NEEDED, 'ai:Benchmarking'] }
    await expect(giveAnew(folder, { book, note: narrowed(), ...asking, flags, prompter: undefined })).rejects.toMatchObject({
      code: 'PURPOSE_UNKNOWN',
    })
    expect([narrowed().receipts, await readdir(folder)]).toEqual([note.receipts, []])
    const who = person('I ')
    await giveAnew(folder, { book, note: narrowed(), ...asking, flags: {}, prompter: who })
    // two needed ones, the other optional one, and the age
    expect(who.asked).toBe(4)
    await rm(path.join(folder, 'receipts'), { recursive: true })
  })

  it('a yes to what is needed is kept before anybody is told, and a no to what is not withdraws that', async () => {
    const { outcome, after, before } = await renew({}, person(...NEEDED, 'adult'))
    expect([outcome, after?.lacking, after?.withdrawals.length]).toEqual([undefined, given.policy.committee.members, 1])
    const newest = after?.receipts.at(-1) as string
    expect(readReceipt(newest)).toMatchObject({ receipt: { purposes: NEEDED, prev: receiptId(before.receipts[0] as string) } })
    expect(await readFile(path.join(folder, 'receipts', `${before.cid.toString()}.2.jws`), 'utf8')).toBe(newest)
    await rm(path.join(folder, 'receipts'), { recursive: true })
  })

  it('what too few keyholders have is brought to them, and nothing is asked', async () => {
    const who = person('I ')
    const { outcome, after, before } = await renew({}, who, { lacking: given.policy.committee.members.slice(0, 3) })
    expect([outcome, who.asked, after]).toEqual([undefined, 0, before])
  })
})
