/** A withdrawal is its subject's own: what a DAO answers, or does not, keeps nobody from signing it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../core/effects/index.ts'
import { signReceipt } from '../dao/consent/index.ts'
import { hasEnded, PoolBook, type PoolNote, purposesLeft, sealContribution } from '../node/pool/offering/index.ts'
import { eventLines } from '../tests/support/pool-network.ts'
import { fill, LEDGER, poolPolicy, receiptFor } from '../tests/support/pool-world.ts'
import { runCli } from '../tests/support/run-cli.ts'
import { openSeed, openSubjectHome, rememberLedger } from './wiring/index.ts'

const { policy, cid, bytes } = poolPolicy()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-withdraw-cli-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const openHome = async (home: string) =>
  openSubjectHome(home, { ledger: LEDGER, seed: await openSeed(home), privateNetwork: true, logger: silent })

/** A home from which something was sealed for the DAO at this address. */
async function offeredFrom(home: string, dao: string): Promise<void> {
  await rememberLedger(home, dao, LEDGER)
  await using opened = await openHome(home)
  const { manifest, salt, shares, commitments } = sealContribution({
    lines: eventLines(12),
    dao: LEDGER,
    subject: opened.subject.did,
    policy: { cid, value: policy },
    schema: 'activity@1',
    from: '2025-01',
    to: '2025-12',
  })
  const receipt = receiptFor({ policy, cid, bytes }, manifest, {
    subject: opened.subject.did,
    purposes: ['ai:ModelTraining', 'dpv:DataQualityAssessment', 'ai:Benchmarking'],
  })
  await opened.files.write(cid, bytes)
  const given = {
    manifest,
    salt,
    commitSalt: fill(8),
    receipts: [signReceipt(receipt, opened.subject)],
    committee: policy.committee,
    shares,
    commitments,
  }
  const book = await PoolBook.open(opened.kv)
  await book.add({ ...given, source: 'spotify', at: 5 })
}

async function noteOf(home: string): Promise<PoolNote> {
  await using opened = await openHome(home)
  return (await PoolBook.open(opened.kv)).all[0] as PoolNote
}

async function listen(answer: RequestListener): Promise<{ url: string; [Symbol.dispose](): void }> {
  const server = createServer(answer)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('pool withdraw', () => {
  it.each<[string, RequestListener]>([
    ['is out of service', (_, response) => response.writeHead(503).end('no')],
    ['is no DAO any more', (_, response) => response.end('{"ledger":7}')],
    ['breaks off its answer', (_, response) => response.writeHead(200, { 'content-length': '99' }).write('{', () => response.destroy())],
    ['names a peer that nobody reaches', (_, response) => response.end(infoOf('/ip4/127.0.0.1/tcp/9'))],
  ])('is signed and kept where the DAO %s', async (name, answer) => {
    using dao = await listen(answer)
    const home = path.join(folder, name.replaceAll(' ', '-'))
    await offeredFrom(home, dao.url)
    const run = await runCli('pool', 'withdraw', '--yes', '--dao', dao.url, '--home', home, '--json', '--log-level', 'error')
    // no keyholder is there to delete anything
    expect([run.code, run.json()], run.err).toMatchObject([3, [{ withdrawn: [{ shredded: 0, of: 5, logged: false, unreadable: false }] }]])
    expect((await noteOf(home)).withdrawals).toHaveLength(1)
  })

  it('of a purpose leaves the rest, of a needed one ends the whole, and of one that was not given is no withdrawal', async () => {
    using dao = await listen((_, response) => response.writeHead(503).end('no'))
    const home = path.join(folder, 'purposes')
    await offeredFrom(home, dao.url)
    const withdraw = (...words: string[]) =>
      runCli('pool', 'withdraw', '--yes', '--dao', dao.url, '--home', home, '--json', '--log-level', 'error', ...words)
    const stranger = await withdraw('--purpose', 'dpv:CommercialResearch')
    expect([stranger.code, stranger.json().at(-1)]).toMatchObject([1, { error: { code: 'PURPOSE_NOT_GIVEN' } }])
    expect((await withdraw('--all', '--purpose', 'ai:Benchmarking')).code).toBe(2)
    const some = await withdraw('--purpose', 'ai:Benchmarking')
    // nobody heard of it yet
    expect([some.code, some.json()], some.err).toMatchObject([
      3,
      [{ withdrawn: [{ purposes: ['ai:Benchmarking'], heard: 0, needed: 3, of: 5, logged: false }] }],
    ])
    const narrowed = await noteOf(home)
    expect([hasEnded(narrowed), purposesLeft(narrowed)]).toEqual([false, ['ai:ModelTraining', 'dpv:DataQualityAssessment']])
    const whole = await withdraw('--purpose', 'ai:ModelTraining')
    expect([whole.code, whole.json(), whole.err]).toMatchObject([
      3,
      [{ withdrawn: [{ shredded: 0, unreadable: false }] }],
      expect.stringContaining('the whole contribution ends'),
    ])
    expect(hasEnded(await noteOf(home))).toBe(true)
  })

  it('does not say that nothing is there where the log could not be asked', async () => {
    const home = path.join(folder, 'seed-alone')
    let answers = true
    using dao = await listen((_, response) => (answers ? response.end(infoOf('/ip4/127.0.0.1/tcp/9')) : response.writeHead(503).end('no')))
    await rememberLedger(home, dao.url, LEDGER)
    // a seed whose book was lost, as after a restored backup
    await (await openHome(home))[Symbol.asyncDispose]()
    answers = false
    for (const words of [[], ['--all'], [String(cid)]]) {
      const run = await runCli('pool', 'withdraw', ...words, '--yes', '--dao', dao.url, '--home', home, '--json', '--log-level', 'error')
      expect(run.json().at(-1), run.err).toMatchObject({ error: { code: 'DAO_UNREACHABLE' } })
    }
  })

  it('still minds the words it was given', async () => {
    const run = await runCli('pool', 'withdraw', '--yes', '--dao', 'ftp://dao.example', '--home', path.join(folder, 'words'))
    expect([run.code, run.err]).toMatchObject([2, expect.stringContaining('BAD_DAO_ADDRESS')])
  })
})

const infoOf = (address: string): string =>
  JSON.stringify({ ledger: LEDGER, addresses: [`${address}/p2p/12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp`] })
