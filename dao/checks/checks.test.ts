import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FETCHED_AT, flipped, htmlOf, ORIGIN, pageBatch, type PageBatchInput, type PageSpec } from '../../tests/unit/page-batch.ts'
import { LOCAL_RULES, seeded } from '../../tests/unit/ledger-world.ts'
import { askOf } from '../../tests/support/ask-of.ts'
import { gunzipSync } from 'node:zlib'
import { gzipMember } from '../../schemas/evidence/index.ts'
import { charter as charterShape, type CID, concatBytes, fileCid, sha256, utf8 } from '../../schemas/wire/index.ts'
import { parseBatchFiles, readRow, type RowBlocks } from '../batches/index.ts'
import type { SealedBatch } from '../../node/seal/index.ts'
import { checkRow, makeFraudProof, type ProofFacts, verifyFraudProof } from './index.ts'

const contributor = seeded('contributor').did
const salt = sha256(utf8('salt'))
const charter = charterShape.parse({
  v: 1,
  name: 'test',
  operator: seeded('operator').did,
  contact: 'mailto:a@example.org',
  purposes: ['testing'],
  ...LOCAL_RULES,
})
const open = { after: null, before: null }
const TDMREP = `${ORIGIN}/.well-known/tdmrep.json`
const AI_TXT = `${ORIGIN}/ai.txt`

async function rowOf(batch: SealedBatch, row: number, changes: Partial<ProofFacts> = {}) {
  const files = parseBatchFiles(batch.manifestBytes, batch.indexBytes, batch.sketches)
  const blocks = new Map(batch.blocks.map((block) => [block.cid.toString(), block.bytes]))
  const ask = askOf(async (cid: CID) => blocks.get(cid.toString()))
  const read = await readRow(ask, files, row, new AbortController().signal)
  const facts: ProofFacts = { charter, contributor, salt, dates: open, manifestCid: batch.manifestCid, ...changes }
  return { files, row, blocks: read as RowBlocks, facts }
}

const ledgerFilesOf = (batch: SealedBatch) => {
  const map = new Map([
    [batch.manifestCid.toString(), batch.manifestBytes],
    [fileCid(batch.indexBytes).toString(), batch.indexBytes],
    [fileCid(batch.sketches).toString(), batch.sketches],
  ])
  return { read: (cid: CID) => map.get(cid.toString()) }
}

const batchOf = (page: Partial<PageSpec> = {}, input: Partial<PageBatchInput> = {}) =>
  pageBatch({ contributor, salt, pages: [{ topic: 'Aldbury' }, { topic: 'Bekesbourne', ...page }], ...input })

/** The verdict on row 1, and whether its proof convinces a stranger. */
async function judge(batch: SealedBatch, changes: Partial<ProofFacts> = {}) {
  const row = await rowOf(batch, 1, changes)
  const verdict = checkRow(row)
  if (verdict.ok) return { verdict: 'ok' as const }
  const proof = makeFraudProof({ check: verdict.check, manifest: batch.manifestCid, row: 1, blocks: row.blocks })
  const told = verifyFraudProof(proof, ledgerFilesOf(batch), row.facts)
  return { verdict: `${verdict.check} ${verdict.code}`, proof: told.valid }
}

describe('checkRow', () => {
  it('passes what an honest contributor sealed, and gives the record and its URL', async () => {
    const verdict = checkRow(await rowOf(batchOf(), 1))
    expect(verdict).toMatchObject({ ok: true, url: `${ORIGIN}/Bekesbourne` })
    expect(verdict.ok && JSON.parse(Buffer.from(verdict.recordBytes).toString()).title).toBe('On Bekesbourne')
  })

  const late = FETCHED_AT + 25 * 3600 * 1000
  const cases: [name: string, verdict: string, page: Partial<PageSpec>][] = [
    ['another record than the page gives', 'D3 RECORD', { row: { record: utf8('{"text":"made up"}') } }],
    ['one token more', 'D3 TOKENS', { row: { tokens: 1000 } }],
    ['a better quality', 'D3 QUALITY', { row: { quality: 999_999 } }],
    ['another language', 'D3 LANGUAGE', { row: { language: 'fr' } }],
    ['another host', 'D3 HOST', { row: { host: 'rich.example' } }],
    ['another content digest', 'D3 CONTENT_DIGEST', { row: { contentDigest: sha256(utf8('x')) } }],
    ['another sketch', 'D3 SKETCH', { row: { sketch: new Uint8Array(512).fill(7) } }],
    ['a page that is no text', 'D3 NO_RECORD_NO_CONTENT', { html: '<html><body></body></html>' }],
    ['a page that was not found', 'D4 STATUS', { exchange: { status: 404 } }],
    ['a body cut off', 'D4 TRUNCATED', { exchange: { truncated: true } }],
    ['no robots.txt', 'D5 NO_ROBOTS', { robotsTxt: null }],
    ['a robots.txt that forbids', 'D5 DISALLOWED', { robotsTxt: 'User-agent: *\nDisallow: /\n' }],
    ['a forbidden path', 'D5 DISALLOWED', { path: '/private/page' }],
    ['a robots.txt of another origin', 'D5 OTHER_ORIGIN', { robots: { url: 'http://other.example/robots.txt' } }],
    [
      'a robots.txt that the fetch does not name',
      'D5 OTHER_ROBOTS',
      { robots: { recordId: '<urn:uuid:00000000-0000-8000-8000-000000000000>' } },
    ],
    ['yesterday’s robots.txt', 'D5 ROBOTS_AGE', { robots: { fetchedAt: FETCHED_AT - 25 * 3600 * 1000 } }],
    ['tomorrow’s robots.txt', 'D5 ROBOTS_AGE', { robots: { fetchedAt: FETCHED_AT + 3600 * 1000 } }],
    ['rules asked for under another name', 'D5 AGENT', { robots: { askedBy: 'Googlebot' } }],
    ['another crawler’s name', 'D5 AGENT', { robots: { agent: 'Googlebot' }, exchange: { agent: 'Googlebot' } }],
    ['a name that the request did not carry', 'D5 AGENT', { exchange: { agent: 'Googlebot' } }],
    [
      'a reservation in the headers',
      'D5 TRAIN_DENIED',
      {
        exchange: {
          headers: [
            ['Content-Type', 'text/html'],
            ['TDM-Reservation', '1'],
          ],
        },
      },
    ],
    [
      'a reservation in the page',
      'D5 TRAIN_DENIED',
      { html: htmlOf('Bekesbourne').replace('<head>', '<head><meta name="robots" content="noai">') },
    ],
    ['a reservation in robots.txt', 'D5 TRAIN_DENIED', { robotsTxt: 'User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n' }],
    ['a reservation in tdmrep.json', 'D5 TRAIN_DENIED', { rules: { [TDMREP]: { body: '[{"location":"/","tdm-reservation":1}]' } } }],
    ['a reservation in ai.txt', 'D5 TRAIN_DENIED', { rules: { [AI_TXT]: { body: 'User-Agent: *\nDisallow: *.html\nDisallow: /\n' } } }],
    [
      'a licence that prohibits training',
      'D5 TRAIN_DENIED',
      {
        robotsTxt: `License: ${ORIGIN}/rsl.xml\n`,
        rules: {
          [`${ORIGIN}/rsl.xml`]: {
            body: '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license><prohibits type="usage">ai-train</prohibits></license></content></rsl>',
          },
        },
      },
    ],
    ['a rule file that the server could not give', 'D5 TRAIN_DENIED', { rules: { [TDMREP]: { status: 503 } } }],
    ['a tdmrep.json left out', 'D5 NO_TDMREP', { captures: (all) => all.filter((_, i) => i !== 1) }],
    ['an ai.txt left out', 'D5 NO_AI_TXT', { captures: (all) => all.slice(0, 2) }],
    ['a licence left out', 'D5 NO_RSL', { robotsTxt: `License: ${ORIGIN}/rsl.xml\n`, captures: (all) => all.slice(0, 3) }],
    ['one licence too many', 'D5 NO_RSL', { robotsTxt: ['a', 'b', 'c'].map((name) => `License: ${ORIGIN}/${name}.xml\n`).join('') }],
    [
      'a licence that only the page names',
      'D5 NO_RSL',
      { html: htmlOf('Bekesbourne').replace('<head>', '<head><link rel="license" type="application/rsl+xml" href="/rsl.xml">') },
    ],
    ['captures in another order', 'D5 NO_TDMREP', { captures: ([robots, tdmrep, aiTxt]) => [robots!, aiTxt!, tdmrep!] }],
    ['a capture that belongs nowhere', 'D5 EXTRA_CAPTURE', { captures: (all) => [...all, all[2]!] }],
    [
      'a redirect that leads elsewhere than the capture says',
      'D5 NO_TDMREP',
      {
        rules: { [TDMREP]: { status: 302, headers: [['Location', '/real.json']] }, [`${ORIGIN}/real.json`]: { body: '[]' } },
        captures: (all) => all.filter((_, i) => i !== 2),
      },
    ],
    ['captures that are no WARC', 'D5 ROBOTS_NOT_GZIP', { captures: ([robots]) => [{ ...robots!, members: [utf8('hello')] }] }],
    ['evidence with a byte flipped in the page', 'D4 DIGEST_MISMATCH', { evidence: repacked((warc) => flipped(warc, -20)) }],
    [
      'evidence in another spelling',
      'D4 NOT_CANONICAL',
      { evidence: repacked((warc) => utf8(Buffer.from(warc).toString().replace('WARC-Date: 2027', 'WARC-Date:  2027'))) },
    ],
    ['evidence that is no WARC', 'D4 BAD_WARC', { evidence: () => [gzipMember(utf8('hello'))] }],
    ['evidence that is nothing', 'D4 NOT_GZIP', { evidence: () => [utf8('hello')] }],
  ]
  it.each(cases)('finds %s: %s, with a proof that convinces a stranger', async (_name, verdict, page) => {
    expect(await judge(batchOf(page))).toEqual({ verdict, proof: true })
  })

  it('finds a fetch outside the epoch, or outside what the manifest says', async () => {
    const at = Math.floor(FETCHED_AT / 1000)
    expect(await judge(batchOf(), { dates: { after: at - 10, before: at } })).toEqual({ verdict: 'ok' })
    expect(await judge(batchOf(), { dates: { after: at, before: null } })).toEqual({ verdict: 'D4 DATE_OUTSIDE', proof: true })
    expect(await judge(batchOf(), { dates: { after: null, before: at - 1 } })).toEqual({ verdict: 'D4 DATE_OUTSIDE', proof: true })
    expect(await judge(batchOf({}, { from: at + 5, to: at + 9 }))).toEqual({ verdict: 'D4 DATE_OUTSIDE', proof: true })
    expect(await judge(batchOf({ exchange: { fetchedAt: late }, robots: { fetchedAt: late } }, { to: at }))).toEqual({
      verdict: 'D4 DATE_OUTSIDE',
      proof: true,
    })
  })

  it('follows a robots.txt to where it was redirected, and no further', async () => {
    const url = 'http://www.mill.example/robots.txt'
    const led = { status: 301, headers: [['Location', url]] as [string, string][] }
    expect(await judge(batchOf({ robots: { url }, rules: { [`${ORIGIN}/robots.txt`]: led } }))).toEqual({ verdict: 'ok' })
    const elsewhere = { ...led, headers: [['Location', 'http://other.example/']] as [string, string][] }
    const captures = batchOf({
      robots: { url },
      rules: { [`${ORIGIN}/robots.txt`]: elsewhere },
      captures: ([first, , ...rest]) => [first!, ...rest],
    })
    expect(await judge(captures)).toEqual({ verdict: 'D5 OTHER_ORIGIN', proof: true })
  })

  it('keeps what says nothing about training, unless the charter is strict', async () => {
    const strict = { ...charter, sources: { ...charter.sources, profile: 'strict' as const } }
    expect(await judge(batchOf(), { charter: strict })).toEqual({ verdict: 'D5 TRAIN_UNKNOWN', proof: true })
    const allowed = {
      exchange: {
        headers: [
          ['Content-Type', 'text/html'],
          ['Content-Usage', 'train-ai=y'],
        ] as [string, string][],
      },
    }
    expect(await judge(batchOf(allowed), { charter: strict })).toEqual({ verdict: 'ok' })
  })

  it('stops, and accuses nobody, when it cannot run the pipeline', async () => {
    const row = await rowOf(batchOf(), 1)
    const files = { ...row.files, manifest: { ...row.files.manifest, pipeline: 'web-page@1/99' } }
    expect(() => checkRow({ ...row, files })).toThrow(expect.objectContaining({ code: 'UNKNOWN_PIPELINE' }))
  })
})

describe('a fraud proof', () => {
  it('is rejected against an honest batch, whatever check it names', async () => {
    const batch = batchOf()
    const { blocks, facts } = await rowOf(batch, 1)
    for (const check of ['D1', 'D2', 'D3', 'D4', 'D5', 'D9'] as const)
      expect(
        verifyFraudProof(makeFraudProof({ check, manifest: batch.manifestCid, row: 1, blocks }), ledgerFilesOf(batch), facts),
      ).toMatchObject({
        valid: false,
        code: 'HONEST',
      })
  })

  it('is rejected with any other bytes than the leaves, so that nobody is framed', async () => {
    const batch = batchOf()
    const { blocks, facts } = await rowOf(batch, 1)
    fc.assert(
      fc.property(fc.constantFrom('recordBlocks', 'evidenceBlocks', 'robotsBlocks'), fc.nat(), (part, at) => {
        const original = blocks[part][0]!
        const forged = { ...blocks, [part]: [flipped(original, at % original.byteLength)] }
        const told = verifyFraudProof(
          makeFraudProof({ check: 'D3', manifest: batch.manifestCid, row: 1, blocks: forged }),
          ledgerFilesOf(batch),
          facts,
        )
        expect(told).toMatchObject({ valid: false, code: 'NOT_THE_LEAVES' })
      }),
      { numRuns: 30 },
    )
  })

  it('names the first check that fails, and no other', async () => {
    const batch = batchOf({ row: { tokens: 1 }, robotsTxt: null })
    const { blocks, facts } = await rowOf(batch, 1)
    const told = verifyFraudProof(makeFraudProof({ check: 'D5', manifest: batch.manifestCid, row: 1, blocks }), ledgerFilesOf(batch), facts)
    expect(told).toMatchObject({ valid: false, code: 'OTHER_CHECK' })
  })

  it('is rejected for a row that is not there, and when it cannot be read', async () => {
    const batch = batchOf()
    const { blocks, facts } = await rowOf(batch, 1)
    const files = ledgerFilesOf(batch)
    expect(verifyFraudProof(makeFraudProof({ check: 'D3', manifest: batch.manifestCid, row: 9, blocks }), files, facts)).toMatchObject({
      code: 'NO_SUCH_ROW',
    })
    expect(verifyFraudProof(utf8('x'), files, facts)).toMatchObject({ valid: false, code: 'NOT_CBOR' })
    expect(verifyFraudProof(makeFraudProof({ check: 'D3', manifest: fileCid(utf8('x')), row: 0, blocks }), files, facts)).toMatchObject({
      code: 'OTHER_BATCH',
    })
  })

  it('needs no blocks when the batch fails as a whole', async () => {
    const batch = batchOf()
    const facts = (await rowOf(batch, 1)).facts
    const none = { recordBlocks: [], evidenceBlocks: [], robotsBlocks: [] }
    const proof = makeFraudProof({ check: 'D9', manifest: batch.manifestCid, row: 0, blocks: none })
    expect(verifyFraudProof(proof, ledgerFilesOf(batch), facts).valid).toBe(false)
    // another peer's leaves lifted: they name salt and peer
    expect(verifyFraudProof(proof, ledgerFilesOf(batch), { ...facts, salt: sha256(utf8('another')) })).toMatchObject({
      valid: true,
      check: 'D9',
      code: 'MERKLE_ROOT',
    })
  })

  it('comes from a bit flipped anywhere in the evidence, but for bits of gzip that mean nothing', async () => {
    let whole = new Uint8Array()
    batchOf({ evidence: (members) => [(whole = new Uint8Array(concatBytes(...members)))] })
    for (let at = 0; at < whole.byteLength; at += 61) {
      const result = await judge(batchOf({ evidence: () => [flipped(whole, at)] }))
      const isHarmless = result.verdict === 'ok' && Buffer.compare(gunzipSync(flipped(whole, at)), gunzipSync(whole)) === 0
      expect(isHarmless || result.proof, `byte ${at}: ${result.verdict}`).toBe(true)
    }
  })
})

/** Changes the WARC records inside the gzip members. */
function repacked(change: (warc: Uint8Array) => Uint8Array) {
  return (members: Uint8Array[]): Uint8Array[] =>
    members.map((member, i) => (i === 1 ? gzipMember(change(new Uint8Array(gunzipSync(member)))) : member))
}
