#!/usr/bin/env node
/**
 * Writes tests/vectors/record.json (fetches as WARC bytes, the records that they give, their gzip leaves) and tests/vectors/release.json
 * (`manifest.json` and `shares.json` of a release), each with bytes that must be refused and why.
 * It only adds names that are missing: what once was written stays.
 *   node tools/data-vectors.ts
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fetchGroup, gzipMember } from '../schemas/evidence/index.ts'
import { type CID, concatBytes, rawCid, toHex, utf8 } from '../schemas/wire/index.ts'
import { openLeaf, readPage, readReleaseFiles, recordOfEvidence } from '../tests/support/data-shapes.ts'
import { sampleRelease } from '../tests/support/sample-release.ts'
import { prose } from '../tests/support/release-world.ts'
import { corpus } from './golden.ts'

interface Records {
  about: string
  valid: Record<string, { url: string; evidence: string; record: string; cid: string; bytes: number; leaf: string }>
  refusedLeaves: Record<string, { leaf: string; cid: string; bytes: number; code: string }>
  refusedEvidence: Record<string, { evidence: string; url: string; code: string }>
  refusedRecords: Record<string, { record: string; code: string }>
}
interface Releases {
  about: string
  valid: Record<string, { root: string; manifest: string; shares: string; sharesRoot: string }>
  refused: Record<string, { manifest: string; shares: string; code: string }>
}

const PAGES = ['short-notice.html', 'japanese, Shift_JIS by meta', 'recipe-microdata.html', 'arabic, windows-1256 by header']
const recordFile = new URL('../tests/vectors/record.json', import.meta.url)
const releaseFile = new URL('../tests/vectors/release.json', import.meta.url)
const known = (file: URL): unknown => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined)

function records(before: Records | undefined): Records {
  const pages = corpus().filter(({ name }) => PAGES.includes(name))
  const made = pages.map(({ name, exchange }) => {
    const evidence = concatBytes(...fetchGroup(exchange).members)
    const record = recordOfEvidence(evidence, exchange.url)
    const line = utf8(`${record}\n`)
    return { name, url: exchange.url, evidence, record, cid: rawCid(utf8(record)), bytes: line.byteLength - 1, leaf: gzipMember(line) }
  })
  const [first] = made
  if (first === undefined || made.length !== PAGES.length) throw new Error('the golden corpus lacks a page')
  const { record, evidence, url, cid, bytes, leaf } = first
  const page = JSON.parse(record) as Record<string, unknown>
  const text = (changes: object): string => readableJson({ ...page, ...changes })
  const flipped = Uint8Array.from(evidence, (byte, i) => (i === evidence.byteLength >> 1 ? byte ^ 1 : byte))
  const packed = (line: string): Uint8Array => gzipMember(utf8(line))
  const leaves: [string, Uint8Array, { cid: CID; bytes: number }][] = [
    ['not gzip', utf8(record), { cid, bytes }],
    ['cut', leaf.subarray(0, -1), { cid, bytes }],
    ['two members', concatBytes(leaf, leaf), { cid, bytes }],
    ['no newline at the end', packed(record), { cid, bytes }],
    ['another record than the index names', packed(`${made[1]?.record ?? ''}\n`), { cid, bytes }],
    ['another size than the index names', leaf, { cid, bytes: bytes + 1 }],
  ]
  const evidences: [string, Uint8Array, string][] = [
    ['empty', new Uint8Array(), url],
    ['cut', evidence.subarray(0, -9), url],
    ['a byte changed', flipped, url],
    ['one fetch too many', concatBytes(evidence, evidence), url],
    ['of another page', made[1]?.evidence ?? evidence, url],
  ]
  const others: [string, string][] = [
    ['a field more', text({ fetchedAt: '2026-03-01' })],
    ['a field less', readableJson(Object.fromEntries(Object.entries(page).filter(([key]) => key !== 'author')))],
    ['no text', text({ text: '' })],
    ['an address that is none of the web', text({ url: 'ftp://fixtures.example/' })],
    ['a language with a region', text({ language: 'en-GB' })],
    ['a fraction', text({ data: { jsonLd: [{ price: 1.5 }], openGraph: null, microdata: null } })],
    ['keys out of order', readableJson(Object.fromEntries(Object.entries(page).toReversed()))],
  ]
  return {
    about:
      'Fetches as gzipped WARC (hex), the web-page@1 that each gives in canonical JSON, its CID (raw, SHA-256 of these bytes), and its gzip member in records.jsonl.gz: the record and a newline. Other compressors may write the member otherwise; it is what inflates to these bytes. Refused ones name the first rule that they break.',
    valid: {
      ...Object.fromEntries(
        made.map(({ name, ...one }) => [
          name,
          {
            url: one.url,
            evidence: toHex(one.evidence),
            record: one.record,
            cid: String(one.cid),
            bytes: one.bytes,
            leaf: toHex(one.leaf),
          },
        ]),
      ),
      ...before?.valid,
    },
    refusedLeaves: {
      ...Object.fromEntries(
        leaves.map(([name, bad, says]) => [
          name,
          { leaf: toHex(bad), cid: String(says.cid), bytes: says.bytes, code: openLeaf(bad, says) },
        ]),
      ),
      ...before?.refusedLeaves,
    },
    refusedEvidence: {
      ...Object.fromEntries(evidences.map(([name, bad, of]) => [name, { evidence: toHex(bad), url: of, code: recordOfEvidence(bad, of) }])),
      ...before?.refusedEvidence,
    },
    refusedRecords: {
      ...Object.fromEntries(others.map(([name, bad]) => [name, { record: bad, code: readPage(bad) }])),
      ...before?.refusedRecords,
    },
  }
}

/** JSON as it stands, unlike canonicalJson, which would refuse or mend it. */
const readableJson = (value: unknown): string => JSON.stringify(value)

async function releases(before: Releases | undefined): Promise<Releases> {
  const folder = mkdtempSync(path.join(tmpdir(), 'quern-vectors-'))
  try {
    const page = (i: number) => ({ url: `https://mill.example/${i}`, text: prose(`page ${i}`), license: 'CC-BY-4.0' })
    const { release } = await sampleRelease(folder, {
      batches: [
        { contributor: 'ada', epoch: 1, pages: [page(1), page(2)] },
        { contributor: 'bob', epoch: 1, pages: [page(3)] },
      ],
      validators: { vera: 5n },
      charter: { release: { hostCapPpm: 1_000_000, contributorCapPpm: 1_000_000, shardBytes: 60_000, rowGroup: 2048 } },
    })
    const manifest = readFileSync(path.join(folder, 'manifest.json'), 'utf8')
    const shares = readFileSync(path.join(folder, 'shares.json'), 'utf8')
    const edit = (text: string, change: (value: Record<string, never>) => object): string =>
      JSON.stringify({ ...JSON.parse(text), ...change(JSON.parse(text) as Record<string, never>) })
    const { files, rows } = { ...JSON.parse(manifest), ...JSON.parse(shares) } as { files: object[]; rows: { account: string }[] }
    const refused: [string, string, string][] = [
      ['manifest, another version', edit(manifest, () => ({ v: 2 })), shares],
      ['manifest, a field more', edit(manifest, () => ({ token: 'QRN' })), shares],
      ['manifest, another format', edit(manifest, () => ({ format: 'quern-release@2' })), shares],
      ['manifest, no file', edit(manifest, () => ({ files: [] })), shares],
      ['manifest, a file above its folder', edit(manifest, () => ({ files: [{ ...files[0], path: '../shares.json' }] })), shares],
      ['manifest, an upper-case digest', edit(manifest, () => ({ rowsRoot: 'A'.repeat(64) })), shares],
      ['manifest, of other shares', edit(manifest, () => ({ sharesRoot: '0'.repeat(64) })), shares],
      ['shares, points as a number', manifest, edit(shares, () => ({ rows: [{ ...rows[0], points: 7 }] }))],
      ['shares, more than the whole', manifest, edit(shares, () => ({ rows: [{ ...rows[0], ppm: 1_000_001 }] }))],
      ['shares, a row less', manifest, edit(shares, () => ({ rows: rows.slice(1) }))],
      ['shares, rows in another order', manifest, edit(shares, () => ({ rows: rows.toReversed() }))],
    ]
    return {
      about:
        'manifest.json and shares.json of a small release as they lie in its folder; root is the CID of the folder. sharesRoot is the RFC 6962 root over the canonical JSON of the rows of shares.json. Refused pairs name the first rule that they break.',
      valid: {
        'a release of three records': { root: String(release.root), manifest, shares, sharesRoot: release.shares.root },
        ...before?.valid,
      },
      refused: {
        ...Object.fromEntries(
          refused.map(([name, m, s]) => [name, { manifest: m, shares: s, code: readReleaseFiles({ manifest: m, shares: s }) }]),
        ),
        ...before?.refused,
      },
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const write = (file: URL, value: object): void => writeFileSync(file, `${JSON.stringify(value, null, 1)}\n`)
write(recordFile, records(known(recordFile) as Records | undefined))
write(releaseFile, await releases(known(releaseFile) as Releases | undefined))
