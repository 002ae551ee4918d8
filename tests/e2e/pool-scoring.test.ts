/** A validator opens what the beacon drew of a contribution, over TCP on loopback: ciphertext by allow-list, keys from keyholders, the judge in memory. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Logger, silent } from '../../core/effects/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { printNotice, signReceipt } from '../../dao/consent/index.ts'
import {
  askForKeys,
  askForTokens,
  dealPoolKey,
  handPoolShare,
  keyFromSecret,
  openChunk,
  poolContext,
  randomScalar,
  sampledChunks,
  sealChunk,
} from '../../dao/custody/index.ts'
import { pinnedKeys } from '../../dao/export-mail/index.ts'
import { serveBlocks } from '../../dao/follower/index.ts'
import { offerContribution, pinContribution, type Sealed } from '../../node/pool/seal/index.ts'
import { FINEST_RULES } from '../../schemas/activity/index.ts'
import { accountBand } from '../../schemas/export-mail/index.ts'
import { cborCid, type CID, type DrawResult, encode, type EventRules, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { accountTokens, type MailTerms, scoreContribution } from '../../validator/scoring/index.ts'
import { BEACON, EPOCH, PoolNetwork } from '../support/pool-network.ts'
import { fill, keyholders, LEDGER, operator, receiptFor, subject } from '../support/pool-world.ts'
import { mailRecord, type MailToSign, signedMail } from '../support/signed-mail.ts'

let network: PoolNetwork
const storage = new MemoryStorage()
let readers = new Set<string>()
const serving: Disposable[] = []
beforeAll(async () => {
  network = await PoolNetwork.open()
  await network.assembling.connect(network.scoring.addresses())
  serving.push(serveBlocks({ mesh: network.assembling, storage, mayRead: (peer) => readers.has(peer) }))
  readers = new Set([network.scoring.peer])
})
afterAll(async () => {
  for (const one of serving) one[Symbol.dispose]()
  await network[Symbol.asyncDispose]()
})

async function offered(sealed: Sealed): Promise<Sealed> {
  const { policy, bytes, cid } = network.policy
  await pinContribution(storage, sealed, { cid, value: policy, bytes, notice: utf8(printNotice(policy)) })
  const receipt = network.receipt(sealed)
  const { complete } = await offerContribution({
    mesh: network.contributor,
    clock: network.clock,
    sealed,
    receipt,
    committee: network.committee,
  })
  expect(complete).toBe(true)
  return sealed
}

async function scoring(
  { cid, manifest, index }: Sealed,
  rows = sampledChunks(BEACON, cid, manifest.chunks.length),
  shareMs = 300_000,
  rules: EventRules = FINEST_RULES,
  mailTerms?: MailTerms,
) {
  const told: unknown[] = []
  const logger: Logger = { ...silent, info: (_event, detail) => void told.push(detail) }
  const { results, attested } = await scoreContribution({
    mailTerms,
    contribution: { manifestCid: cid, contributor: subject.did, committee: network.committee },
    manifest,
    index,
    rules,
    rows,
    epoch: EPOCH,
    mesh: network.scoring,
    signer: network.scorer,
    dao: network.assembling.peer,
    clock: network.clock,
    logger,
    shareMs,
    signal: new AbortController().signal,
  })
  return { results, attested, rows, told }
}
const checks = (results: DrawResult[]) => [...new Set(results.map(({ check }) => check))]

describe('a contribution', () => {
  it('passes in all 32 chunks that were drawn, and in no others', async () => {
    const sealed = await offered(network.seal(400))
    const { results, rows } = await scoring(sealed)
    expect(rows).toHaveLength(32)
    expect(results.map(({ row }) => row)).toEqual(rows)
    expect(checks(results)).toEqual([null])
    // a chunk that the beacon did not draw: its keys are not given, whoever asks
    const undrawn = sealed.manifest.chunks.findIndex((_, i) => !rows.includes(i))
    const curious = await scoring(sealed, [undrawn], 12_000)
    expect(checks(curious.results)).toEqual(['D2'])
    expect(curious.told).toEqual([expect.objectContaining({ check: 'D2', code: 'NOT_ENOUGH_KEYHOLDERS' })])
  })

  it('fails where its chunks are not what was dealt keys for: garbage under a secret that nobody shares', async () => {
    const sealed = network.seal(20)
    const [secret, context] = [randomScalar(), poolContext(sealed.commitments[0] as Uint8Array, sealed.salt)]
    const bad = sealChunk(utf8('{}\n'), keyFromSecret(secret, context, 0), context, 0)
    const manifest = { ...sealed.manifest, chunks: [rawCid(bad), ...sealed.manifest.chunks.slice(1)] }
    const cid = cborCid(encode(manifest))
    const blocks = [{ cid, bytes: encode(manifest) }, { cid: rawCid(bad), bytes: bad }, ...sealed.blocks.slice(2)]
    const { results, told } = await scoring(await offered({ ...sealed, manifest, cid, blocks }))
    expect(told).toEqual([expect.objectContaining({ row: 0, check: 'D1', code: 'CHUNK_UNREADABLE' })])
    expect(results.filter(({ pass }) => !pass).map(({ row }) => row)).toEqual([0])
  })

  it('fails where the index says more than the chunks hold', async () => {
    const sealed = await offered(network.seal(20))
    const index = { ...sealed.index, rows: sealed.index.rows.map((row, i) => (i === 3 ? { ...row, tokens: 5000 } : row)) }
    const { results } = await scoring({ ...sealed, index })
    expect(results.filter(({ pass }) => !pass)).toEqual([expect.objectContaining({ row: 3, check: 'D1' })])
  })

  it('fails where its events say more than the pool takes', async () => {
    const { results, told } = await scoring(await offered(network.seal(10)), undefined, undefined, { ...FINEST_RULES, fields: ['text'] })
    expect(checks(results)).toEqual(['D7'])
    expect(told[0]).toMatchObject({ code: 'FIELD_NOT_TAKEN' })
  })

  it('fails where its bytes are not to be had, by whose fault ever', async () => {
    const sealed = await offered(network.seal(10))
    readers.clear()
    const { results, told } = await scoring(sealed)
    readers.add(network.scoring.peer)
    expect(checks(results)).toEqual(['D2'])
    expect(told[0]).toMatchObject({ code: 'CHUNK_UNREACHABLE' })
  })

  it('fails where fewer keyholders answer than it takes, and its consent is what they look at', async () => {
    const sealed = await offered(network.seal(10))
    network.state.scorers.clear()
    const { results, told } = await scoring(sealed, undefined, 12_000)
    network.state.scorers.add(network.scorer.did)
    expect(checks(results)).toEqual(['D2'])
    expect(told[0]).toMatchObject({ code: 'NOT_ENOUGH_KEYHOLDERS' })
  })
})

describe('a mail beside it', () => {
  const { key, shares } = dealPoolKey({ dao: LEDGER, k: 3, members: keyholders().map(({ did }) => did), at: 1 }, operator)
  const keyCid = cborCid(encode(key))
  const at = Date.UTC(2025, 10, 2) / 1000
  const terms = {
    attestedPpm: 1_000_000,
    maxAgeDays: 30,
    senders: [{ source: 'spotify' as const, domain: 'tunes.example', subjects: [] }],
    keys: [{ name: 's1._domainkey.tunes.example', record: mailRecord }],
  }
  let mailTerms: MailTerms
  beforeAll(async () => {
    const tokenOf = accountTokens({
      mesh: network.scoring,
      signer: network.scorer,
      clock: network.clock,
      signal: new AbortController().signal,
    })
    mailTerms = { terms, key, at, tokenOf, lookup: pinnedKeys(terms) }
    network.state.poolKeys.set(keyCid.toString(), key)
    await storage.private.put([{ cid: keyCid, bytes: encode(key) }])
    const handing = { mesh: network.assembling, clock: network.clock, signer: operator, key }
    for (const [i, { share }] of shares.entries()) {
      const fault = await handPoolShare({ ...handing, x: i + 1, share })
      if (fault !== undefined) throw new Error(fault)
    }
  })

  /** A contribution with these bytes beside it, in the name of the account of this address. */
  async function withMail(bytes: Uint8Array, address = 'jane.doe@mail.example'): Promise<Sealed> {
    const bands = [accountBand({ domain: 'tunes.example', address })]
    const { tokens } = await askForTokens({ mesh: network.scoring, clock: network.clock, signer: network.scorer, key, bands })
    return offered(network.seal(400, undefined, { bytes, account: tokens[0] as Uint8Array, key: keyCid }))
  }
  const mailed = (changes: MailToSign = {}, change = (text: string): string => text) => Buffer.from(change(signedMail(changes)), 'latin1')
  const judged = (sealed: Sealed, given: MailTerms | undefined = mailTerms) => scoring(sealed, undefined, undefined, undefined, given)

  it('attests it where its testers find the service’s signature and the account of the index', async () => {
    const { results, attested, rows } = await judged(await withMail(mailed()))
    expect(attested).toBe(true)
    // the mail is no draw: what was drawn is what it is without
    expect(results.map(({ row }) => row)).toEqual(rows)
    expect(checks(results)).toEqual([null])
  })

  it.each<[string, string, () => Promise<Sealed>]>([
    [
      'forged',
      'SIGNATURE_FALSE',
      () =>
        withMail(
          mailed({}, (text) => text.replace('To: Jane Doe <jane.doe@', 'To: Jane <eve@')),
          'eve@mail.example',
        ),
    ],
    ['of another sender', 'OTHER_SIGNER', () => withMail(mailed({ domain: 'eve.example' }))],
    ['that is none', 'BAD_MAIL', () => withMail(utf8('not a mail'))],
    ['of another account than its index names', 'OTHER_ACCOUNT', () => withMail(mailed(), 'somebody.else@mail.example')],
    ['whose key nobody gives', 'NO_ANSWER', () => withMail(mailed({ selector: 'gone' }))],
  ])('attests nothing where it is %s, and is no fault', async (_, code, offering) => {
    const { results, attested, told } = await judged(await offering())
    expect(attested).toBe(false)
    expect(checks(results)).toEqual([null])
    expect(told).toEqual([expect.objectContaining({ code })])
    expect(JSON.stringify(told)).not.toContain('@')
  })

  it('attests nothing where it does not open, and is no fault', async () => {
    const sealed = await withMail(mailed())
    const other = sealChunk(utf8('x'), fill(3), fill(4), 9)
    const manifest = { ...sealed.manifest, mail: rawCid(other) }
    const moved = { ...sealed, manifest, cid: cborCid(encode(manifest)) }
    const blocks = [{ cid: moved.cid, bytes: encode(manifest) }, { cid: rawCid(other), bytes: other }, ...sealed.blocks.slice(1)]
    const unreadable = await judged(await offered({ ...moved, blocks }))
    expect([unreadable.attested, checks(unreadable.results)]).toEqual([false, [null]])
    expect(unreadable.told).toEqual([expect.objectContaining({ code: 'CHUNK_UNREADABLE' })])
  })

  it('is not asked for where the charter takes no mails', async () => {
    const { attested, results } = await scoring(await withMail(mailed()))
    expect([attested, checks(results)]).toEqual([false, [null]])
  })

  it('is opened by whoever tests it, by its own number and no other, and by nobody for a release', async () => {
    const text = mailed()
    const sealed = await withMail(text)
    const { manifest } = sealed
    const place = manifest.chunks.length
    const asking = { clock: network.clock, manifest, committee: network.committee, epoch: EPOCH }
    const ask = (indices: number[]) =>
      askForKeys({
        ...asking,
        mesh: network.scoring,
        signer: network.scorer,
        role: 'scorer',
        purpose: 'dpv:DataQualityAssessment',
        indices,
      })
    const { keys, context } = await ask([place])
    const bytes = (await storage.private.get(manifest.mail as CID)) as Uint8Array
    expect(Buffer.from(openChunk(bytes, keys[0] as Uint8Array, context, place))).toEqual(text)
    const faults = (indices: number[]) =>
      ask(indices).then(
        () => [],
        (thrown: { detail: { faults: Record<string, string> } }) => [...new Set(Object.values(thrown.detail.faults))],
      )
    expect(await faults([place + 1])).toEqual(['BAD_INDICES'])
    // without a mail there is no such number
    const plain = await offered(network.seal(400))
    const none = askForKeys({
      ...asking,
      manifest: plain.manifest,
      mesh: network.scoring,
      signer: network.scorer,
      role: 'scorer',
      purpose: 'dpv:DataQualityAssessment',
      indices: [place],
    })
    await expect(none).rejects.toMatchObject({ code: 'NOT_ENOUGH_KEYHOLDERS' })
    const assembler = askForKeys({
      ...asking,
      mesh: network.assembling,
      signer: operator,
      role: 'assembler',
      purpose: 'ai:ModelTraining',
      indices: [place],
    })
    await expect(assembler).rejects.toMatchObject({ detail: { faults: expect.objectContaining({}) } })
    const said = await assembler.catch((thrown: { detail: { faults: Record<string, string> } }) => Object.values(thrown.detail.faults))
    expect([...new Set(said as string[])]).toEqual(['BAD_INDICES'])
  })

  it('is not taken by keyholders without its owner’s word on it', async () => {
    const sealed = network.seal(4, undefined, { bytes: mailed(), account: fill(1), key: keyCid })
    const given = network.now() - 60
    const receipt = signReceipt(receiptFor(network.policy, sealed.manifest, { given, expires: given + 86_400 }), subject)
    const { faults } = await offerContribution({
      mesh: network.contributor,
      clock: network.clock,
      sealed,
      receipt,
      committee: network.committee,
    })
    expect([...new Set(faults.values())]).toEqual(['MAIL_NOT_CONSENTED'])
  })
})
