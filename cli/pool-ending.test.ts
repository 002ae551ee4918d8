/** Withdrawing is as easy as consenting: one question, and at most one more for each purpose that was a choice. */
import { beforeAll, describe, expect, it } from 'vitest'
import { MemoryKv } from '../core/kv/index.ts'
import { signReceipt, signWithdrawal } from '../dao/consent/index.ts'
import { PoolBook, type PoolNote, sealContribution } from '../node/pool/offering/index.ts'
import { encode, type Purpose } from '../schemas/wire/index.ts'
import { eventLines } from '../tests/support/pool-network.ts'
import { fill, LEDGER, NOW, poolPolicy, receiptFor, subject } from '../tests/support/pool-world.ts'
import { askEnding, type Asking } from './commands/pool-ending.ts'
import { inWords } from './commands/pool-withdraw.ts'

const given = poolPolicy()
const { policy, cid, bytes } = given
const PURPOSES = policy.purposes.map(({ id }) => id)
const OPTIONAL = policy.purposes.filter(({ optional }) => optional).map(({ id }) => id)
const files: Asking['files'] = { read: (named) => (named.equals(cid) ? bytes : undefined) }
let note: PoolNote
let lost: PoolNote

beforeAll(async () => {
  const book = await PoolBook.open(new MemoryKv())
  const offer = async (receipts: number): Promise<PoolNote> => {
    const { manifest, salt, shares, commitments } = sealContribution({
      lines: eventLines(3),
      dao: LEDGER,
      subject: subject.did,
      policy: { cid, value: policy },
      schema: 'activity@1',
      from: '2025-01',
      to: '2025-12',
    })
    const receipt = signReceipt(receiptFor(given, manifest, { purposes: PURPOSES }), subject)
    const known = { commitSalt: fill(8), receipts: [receipt].slice(0, receipts), committee: policy.committee }
    return book.add({ ...known, manifest, salt, shares, commitments, source: 'spotify', at: 5 })
  }
  note = await offer(1)
  lost = await offer(0)
})

/** Says these answers in turn, and keeps the questions. */
function terminal(...answers: boolean[]) {
  const questions: string[] = []
  return {
    questions,
    prompter: {
      yes: async (question: string) => {
        questions.push(question)
        return answers[questions.length - 1] === true
      },
    },
  }
}
const ask = (notes: PoolNote[], flags: Asking['flags'], prompter?: Asking['prompter']) => askEnding(notes, { files, flags, prompter })

describe('a withdrawal', () => {
  it('takes one yes, however many contributions it ends', async () => {
    const one = terminal(true)
    expect(await ask([note], {}, one.prompter)).toEqual({ notes: [note], purposes: 'all' })
    const both = terminal(true)
    expect(await ask([note, lost], { all: true }, both.prompter)).toMatchObject({ purposes: 'all' })
    expect([one.questions, both.questions]).toEqual([['Withdraw this contribution for good?'], ['Withdraw 2 contributions for good?']])
  })

  it('asks of each optional purpose who does not end the whole, and never more than consent asked', async () => {
    const some = terminal(false, ...OPTIONAL.map((one) => one === 'ai:Benchmarking'))
    expect(await ask([note], {}, some.prompter)).toEqual({ notes: [note], purposes: ['ai:Benchmarking'] })
    expect(some.questions.slice(1)).toEqual(OPTIONAL.map((one) => `Or only for ${one}, and leave it in the pool for the rest?`))
    expect(some.questions.length).toBeLessThanOrEqual(PURPOSES.length + 1)
    await expect(ask([note], {}, terminal(false).prompter)).rejects.toMatchObject({ code: 'NOT_AGREED' })
  })

  it('of named purposes takes one yes, and says where one of them ends the whole', async () => {
    const optional = terminal(true)
    expect(await ask([note], { purpose: ['ai:Benchmarking'] }, optional.prompter)).toMatchObject({ purposes: ['ai:Benchmarking'] })
    const needed = terminal(true)
    expect(await ask([note], { purpose: ['ai:ModelTraining'] }, needed.prompter)).toMatchObject({ purposes: 'all' })
    expect([...optional.questions, ...needed.questions]).toEqual([
      'Withdraw it for ai:Benchmarking?',
      'Withdraw this contribution for good?',
    ])
    await expect(ask([note], { purpose: ['ai:Benchmarking'] }, terminal().prompter)).rejects.toMatchObject({ code: 'NOT_AGREED' })
    await expect(ask([note], { purpose: ['ai:Benchmarking'] })).rejects.toMatchObject({ code: 'UNATTENDED' })
  })

  it('of what was found by its seed alone is of the whole', async () => {
    expect(await ask([lost], { yes: true })).toEqual({ notes: [lost], purposes: 'all' })
    await expect(ask([lost], { yes: true, purpose: ['ai:Benchmarking'] })).rejects.toMatchObject({ code: 'RECEIPT_LOST' })
    const { prompter, questions } = terminal(false)
    await expect(ask([lost], {}, prompter)).rejects.toMatchObject({ code: 'NOT_AGREED' })
    expect(questions).toHaveLength(1)
  })

  it('is asked of nobody a second time', async () => {
    const scope: 'all' | Purpose[] = 'all'
    const ended = { ...note, withdrawals: [encode(signWithdrawal({ manifest: note.cid, at: NOW, scope, ask: ['stop'] }, subject))] }
    expect(await ask([ended], {})).toMatchObject({ purposes: 'all' })
  })
})

it('says how many deleted and what that comes to, and whether the DAO logs it', () => {
  const told = { contribution: 'bafy', of: 5, needed: 3, logged: true, nothingLogged: false, faults: {} }
  expect(inWords({ ...told, shredded: 4, unreadable: true })).toBe(
    'bafy\n  4 of 5 deleted or never had it; unreadable if these are honest; the DAO logs it',
  )
  expect(inWords({ ...told, shredded: 2, unreadable: false, logged: false, faults: { 'did:key:z': 'NOT_CONNECTED' } })).toBe(
    'bafy\n  2 of 5 deleted or never had it; 3 are needed: run this again; the DAO did not take it: run this again\n  did:key:z: NOT_CONNECTED',
  )
  expect(inWords({ ...told, purposes: ['ai:Benchmarking'], heard: 2, logged: false, nothingLogged: true })).toBe(
    'bafy\n  no longer for ai:Benchmarking; 2 of 5 keyholders heard it, 3 are needed: run this again; the log has nothing of it',
  )
})
