/** Builds ledger states with real batches (canonical records, gzip leaves, WARC evidence, index, sketches) for tests of releases and their readers. */
import { RowValues } from '../../dao/rewards/index.ts'
import { type ContributorState, type LedgerFiles, type LedgerState, revealed } from '../../dao/ledger/index.ts'
import { fetchGroup, recordMember } from '../../schemas/evidence/index.ts'
import {
  type BatchIndex,
  type BatchManifest,
  type Block,
  type CID,
  canonicalJson,
  type CharterInput,
  cborCid,
  charter as charterShape,
  chunkFile,
  concatBytes,
  didFromPublicKey,
  encode,
  fileFromLeaves,
  ledgerIdOf,
  leavesOf,
  merkleTreeHash,
  PPM,
  rawCid,
  sha256,
  utf8,
} from '../../schemas/wire/index.ts'

export interface PageSpec {
  url: string
  text: string
  title?: string
  language?: string
  quality?: number
  value?: number
  /** Unix milliseconds. */
  fetchedAt?: number
  license?: string
  /** Further response headers. */
  headers?: [name: string, value: string][]
  /** Same word, same sketch: near duplicates. */
  sketchOf?: string
  links?: string[]
  /** JSON-LD of the page. */
  data?: unknown[] | null
}

export interface BatchSpec {
  contributor: string
  epoch: number
  pages: PageSpec[]
  commitIndex?: number
}

export const account = (name: string): string => didFromPublicKey(sha256(utf8(`account ${name}`)))

export interface World {
  state: LedgerState
  files: LedgerFiles
  get: (cid: CID) => Promise<Uint8Array | undefined>
  blocks: Map<string, Uint8Array>
  log: { origin: string; root: Uint8Array }
}

export interface WorldSpec {
  batches: BatchSpec[]
  /** Points of a validator per epoch. */
  validators?: Record<string, bigint>
  charter?: Partial<CharterInput>
  /** Final epochs; those of the batches unless said. */
  epochs?: number[]
}

const T0 = 1_790_000_000

export function buildWorld({ batches, validators = {}, charter: rules = {}, epochs }: WorldSpec): World {
  const rulebook = charterShape.parse({
    v: 1,
    name: 'test-dao',
    title: 'Test DAO',
    description: 'Pages for tests.',
    operator: account('operator'),
    contact: 'https://dao.example/contact',
    purposes: ['testing'],
    vestingEpochs: 0,
    release: { hostCapPpm: PPM, contributorCapPpm: PPM, rowGroup: 100 },
    ...rules,
  })
  const charterBytes = encode(rulebook)
  const charterCid = cborCid(charterBytes)
  const id = ledgerIdOf(charterCid)
  const blocks = new Map<string, Uint8Array>()
  const ledgerFiles = new Map<string, Uint8Array>([[charterCid.toString(), charterBytes]])
  const numbers = [...new Set(epochs ?? batches.map((batch) => batch.epoch))].toSorted((a, b) => a - b)
  const state: LedgerState = {
    ...({} as LedgerState),
    id,
    size: 100,
    operator: account('operator'),
    logKey: '',
    charter: rulebook,
    charterCid,
    pendingCharters: [],
    validators: new Map(),
    contributors: new Map(),
    authors: new Map(),
    commits: new Map(),
    batches: new Map(),
    epoch: null,
    results: numbers.map((epoch) => ({
      epoch,
      cut: epoch * 10 + 5,
      table: charterCid,
      roster: [],
      reasons: new Map(),
      quorum: 0,
      closeIndex: epoch * 10 + 9,
      root: sha256(utf8(`epoch ${epoch}`)),
      rows: [],
      beacon: sha256(utf8(`beacon ${epoch}`)),
      batches: [],
      values: new Map(),
      cutAt: T0 + epoch * 86_400 - 3600,
      closedAt: T0 + epoch * 86_400,
      final: true,
      attestedBy: [],
    })),
    releases: [],
    optouts: [],
    frauds: [],
    invalid: [],
  }
  batches.forEach((spec, i) => addBatch({ state, blocks, ledgerFiles, spec, sequence: i }))
  for (const result of state.results) {
    for (const [name, points] of Object.entries(validators))
      result.rows.push({
        account: account(name),
        role: 'validator',
        records: 0,
        value: '0',
        credibility: PPM,
        draws: 0,
        fails: 0,
        points: String(points),
        note: null,
      })
    result.rows.sort((a, b) => (a.account < b.account ? -1 : 1))
  }
  return {
    state,
    files: { read: (cid) => ledgerFiles.get(cid.toString()) },
    get: async (cid) => blocks.get(cid.toString()),
    blocks,
    log: { origin: `${id}/t0`, root: sha256(utf8('log root')) },
  }
}

interface Making {
  state: LedgerState
  blocks: Map<string, Uint8Array>
  ledgerFiles: Map<string, Uint8Array>
  spec: BatchSpec
  sequence: number
}

function addBatch({ state, blocks, ledgerFiles, spec, sequence }: Making): void {
  const contributor = account(spec.contributor)
  const result = state.results.find((one) => one.epoch === spec.epoch)
  if (result === undefined) throw new Error('no such epoch')
  const keep = (list: readonly Block[]): void => {
    for (const { cid, bytes } of list) blocks.set(cid.toString(), bytes)
  }
  const pages = spec.pages.map((page) => ({
    page,
    bytes: utf8(canonicalJson(recordOf(page))),
    fetchedAt: page.fetchedAt ?? (T0 + spec.epoch * 3600) * 1000,
  }))
  const records = leavesOf(pages.map(({ bytes }) => recordMember(bytes)))
  const groups = pages.map(({ page, fetchedAt }) => concatBytes(...fetchGroup(exchangeOf(page, fetchedAt)).members))
  const evidence = leavesOf(groups)
  const recordFile = fileFromLeaves(records.leaves)
  const evidenceFile = fileFromLeaves(evidence.leaves)
  for (const list of [records.blocks, evidence.blocks, recordFile.blocks, evidenceFile.blocks]) keep(list)
  let offset = 0
  const index: BatchIndex = {
    v: 1,
    recordLeaves: records.leaves,
    evidenceLeaves: evidence.leaves,
    rows: pages.map(({ page, bytes }, i) => {
      const evidenceOffset = offset
      offset += (groups[i] as Uint8Array).byteLength
      return {
        record: rawCid(bytes),
        recordLeaves: records.ranges[i] as [number, number],
        evidenceOffset,
        evidenceBytes: (groups[i] as Uint8Array).byteLength,
        evidenceLeaves: evidence.ranges[i] as [number, number],
        robotsLeaves: [0, 0],
        bytes: bytes.byteLength,
        tokens: page.text.split(/\s+/).filter(Boolean).length,
        quality: page.quality ?? 800_000,
        language: page.language ?? 'en',
        host: new URL(page.url).host,
        contentDigest: sha256(utf8(page.text)),
      }
    }),
  }
  const indexFile = chunkFile(encode(index))
  const sketches = concatBytes(...pages.map(({ page }) => sketchOf(page.sketchOf ?? page.text)))
  const sketchFile = chunkFile(sketches)
  keep(indexFile.blocks)
  keep(sketchFile.blocks)
  ledgerFiles.set(indexFile.root.toString(), encode(index))
  ledgerFiles.set(sketchFile.root.toString(), sketches)
  const times = pages.map(({ fetchedAt }) => Math.floor(fetchedAt / 1000))
  const manifest: BatchManifest = {
    v: 1,
    dao: state.id,
    contributor,
    schema: 'web-page@1',
    pipeline: 'web-page@1/1',
    count: pages.length,
    records: recordFile.root,
    evidence: evidenceFile.root,
    index: indexFile.root,
    sketches: sketchFile.root,
    merkleRoot: merkleTreeHash([]),
    sequence,
    prev: null,
    from: Math.min(...times),
    to: Math.max(...times),
  }
  const manifestBytes = encode(manifest)
  const manifestCid = cborCid(manifestBytes)
  keep([{ cid: manifestCid, bytes: manifestBytes }])
  ledgerFiles.set(manifestCid.toString(), manifestBytes)
  state.batches.set(manifestCid.toString(), {
    ...revealed({
      manifestCid,
      contributor,
      salt: sha256(utf8(`salt ${sequence}`)),
      commitIndex: spec.commitIndex ?? sequence + 1,
      revealIndex: sequence + 50,
      epoch: spec.epoch,
    }),
    manifest,
    settled: spec.epoch,
  })
  const values = spec.pages.map((page) => ({ value: page.value ?? 1000, novelty: 0 }))
  result.batches.push(manifestCid.toString())
  result.values.set(manifestCid.toString(), new RowValues(values))
  const sum = values.reduce((total, { value }) => total + BigInt(value), 0n)
  const known = state.contributors.get(contributor)
  const points: ContributorState['points'] = known?.points ?? new Map()
  const before = points.get(spec.epoch)
  points.set(spec.epoch, {
    points: (before?.points ?? 0n) + sum,
    cap: PPM,
    void: null,
    batches: new Map([...(before?.batches ?? []), [manifestCid.toString(), sum]]),
    vestsWith: spec.epoch + state.charter.vestingEpochs,
  })
  if (known === undefined)
    state.contributors.set(contributor, {
      ...({} as ContributorState),
      account: contributor,
      joinedAt: 1,
      joinedEpoch: 0,
      credibility: PPM,
      epochs: 1,
      revoked: null,
      tallies: new Map(),
      points,
      nextSequence: sequence + 1,
      lastManifest: manifestCid.toString(),
    })
  const row = result.rows.find((one) => one.account === contributor)
  if (row === undefined)
    result.rows.push({
      account: contributor,
      role: 'contributor',
      records: pages.length,
      value: String(sum),
      credibility: PPM,
      draws: 0,
      fails: 0,
      points: String(sum),
      note: null,
    })
  else
    Object.assign(row, {
      records: row.records + pages.length,
      value: String(BigInt(row.value) + sum),
      points: String(BigInt(row.points) + sum),
    })
}

function recordOf({ url, text, title, license, language = 'en', links = [], data = null }: PageSpec): Record<string, unknown> {
  return {
    url,
    canonicalUrl: null,
    title: title ?? `Title of ${url}`,
    text,
    markdown: `# ${title ?? 'Title'}\n\n${text}`,
    language: language === 'und' ? null : language,
    author: null,
    published: null,
    license: license === undefined ? null : { spdx: license, url: null, evidence: 'rel=license' },
    links: links.map((target) => ({ url: target, text: '', rel: null })),
    data: { jsonLd: data, openGraph: null, microdata: null },
  }
}

function exchangeOf({ url, text, headers = [] }: PageSpec, fetchedAt: number) {
  const { pathname, host } = new URL(url)
  return {
    url,
    status: 200,
    headers: [['content-type', 'text/html'], ...headers] as [string, string][],
    requestHead: utf8(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\n\r\n`),
    responseHead: utf8(
      `HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    ),
    body: utf8(`<!doctype html><title>t</title><p>${text}</p>`),
    fetchedAt,
    remoteAddress: null,
    truncated: false,
  }
}

/** 512 bytes that differ in every lane for different words. */
export function sketchOf(word: string): Uint8Array {
  return concatBytes(...Array.from({ length: 16 }, (_, i) => sha256(utf8(`${i} ${word}`))))
}

/** Text of about `words` words that no other seed gives. */
export function prose(seed: string, words = 60): string {
  const out: string[] = []
  for (let i = 0; out.length < words; i++) for (const byte of sha256(utf8(`${seed} ${i}`))) out.push(WORDS[byte % WORDS.length] as string)
  return `${seed}: ${out.slice(0, words).join(' ')}.`
}

const WORDS =
  'the mill turns slowly while people bring grain from every valley and count sacks before dusk so that nobody wonders whose flour it was'.split(
    ' ',
  )
