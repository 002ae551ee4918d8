/** Peak memory of a contributor that keeps pages in its folder, seals, publishes and holds many records: `[RECORDS] [PAGE_KIB]`, 50,000 of 6 KiB unless said; target < 512 MiB. */
// Left out: the ledger that a contributor folds, gossip, and peers that ask for its blocks meanwhile.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { keepHeapSmall } from '../cli/wiring/small-heap.ts'
import { generateKey } from '../core/identity/index.ts'
import { openPeer } from '../core/peer/index.ts'
import { sealPage } from '../node/contributor/index.ts'
import { CrawlFolder, type CrawledPage } from '../node/crawl/index.ts'
import { BatchWriter, type SealedBatch } from '../node/seal/index.ts'
import { type Exchange, fetchGroup, recordMember, requestHead, responseHead, warcinfoMember } from '../schemas/evidence/index.ts'
import { noRules, parseRobots } from '../schemas/permission/index.ts'
import { canonicalJson, type CID, didFromPublicKey, type Leaf, MAX_BATCH_RECORDS, sha256, utf8 } from '../schemas/wire/index.ts'
import { realClock } from '../tests/support/real-clock.ts'

const TARGET_MIB = 512
const records = Number(process.argv[2] ?? 50_000)
/** What the packed evidence of a page has besides, in bytes that do not pack: a page of measure, or one that is heavy. */
const ballast = Math.max(0, Number(process.argv[3] ?? 6) - 6) << 10

/** About 3,000 words and 20 kB of markup: the page of the measured documentation crawl. */
function page(i: number): { html: Uint8Array; text: string } {
  let seed = i + 1
  const word = (): string => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return WORDS[seed % WORDS.length] as string
  }
  const text = Array.from({ length: 1100 }, word).join(' ')
  return {
    html: utf8(
      `<!doctype html><html><body>${text.replaceAll(' a', '</p><p class="entry content"> a')}${'<div class="x"></div>'.repeat(400)}</body></html>`,
    ),
    text,
  }
}
const WORDS = Array.from({ length: 4000 }, (_, i) =>
  createHash('sha256')
    .update(String(i))
    .digest('base64url')
    .slice(0, 3 + (i % 8)),
)

// as every role of the command line does
keepHeapSmall()
const home = await mkdtemp(path.join(tmpdir(), 'quern-bench-'))
const started = performance.now()
const peer = await openPeer({ signer: generateKey(), home, clock: realClock, privateNetwork: true })
console.log(`peer open: ${rss()} MiB`)

const contributor = didFromPublicKey(sha256(utf8('bench')))
const salt = sha256(utf8('salt'))
const sampled: CID[] = []
let batches = 0
let done = 0
let prev: CID | null = null
while (done < records) {
  const sealed: SealedBatch = await seal(Math.min(MAX_BATCH_RECORDS, records - done), done)
  await peer.storage.publish(sealed.manifestCid)
  batches++
  for (let i = 0; i < sealed.index.evidenceLeaves.length; i += 97) sampled.push((sealed.index.evidenceLeaves[i] as Leaf)[0])
  prev = sealed.manifestCid
  done += sealed.manifest.count
  console.log(`${done} records sealed and published: ${rss()} MiB, ${Math.round((performance.now() - started) / 1000)} s`)
}

async function seal(count: number, from: number): Promise<SealedBatch> {
  const out = path.join(home, `epoch-${batches}`)
  const folder = await CrawlFolder.open({ out, clock: realClock, settings: {}, isForSealing: true })
  const asked = exchangeOf('https://bench.test/robots.txt', utf8('User-agent: *\nAllow: /\n'))
  const robots = { robots: parseRobots(asked.body), rules: noRules, exchange: asked, evidence: fetchGroup(asked) }
  const header = { ledger: 'quern/bench', contributor, schema: 'web-page@1', pipeline: 'web-page@1/1', sequence: batches, prev, salt }
  using hold = peer.storage.private.hold()
  const writer = new BatchWriter(hold, { ...header, warcinfo: [warcinfoMember({ at: 1000, fields: [] })] })
  for (let i = from; i < from + count; i++) {
    const one = crawled(i, robots, folder)
    await Promise.all([folder.keep(one), writer.add(sealPage(one))])
  }
  await folder.finish(true)
  const batch = await writer.finish({ from: 1, to: 2 })
  await peer.storage.private.pin(batch.manifestCid, { why: 'batch' })
  await rm(out, { recursive: true })
  return batch
}

function crawled(i: number, robots: CrawledPage['robots'], folder: CrawlFolder): CrawledPage {
  const { html, text } = page(i)
  const url = `https://bench.test/${i}`
  const record = utf8(canonicalJson({ text, url }))
  const exchange = exchangeOf(url, ballast === 0 ? html : Buffer.concat([html, randomBytes(ballast)]))
  const item = { url, host: 'bench.test', depth: 1, via: null, redirects: 0, linksOnly: false, attempts: 0, isSitemap: false }
  return {
    ref: folder.add(item),
    url,
    depth: 1,
    exchange,
    measured: {
      record,
      packed: recordMember(record),
      url,
      host: 'bench.test',
      language: 'en',
      tokens: 1100,
      quality: 500_000,
      contentDigest: sha256(utf8(text)),
      sketch: new Uint8Array(512).fill(i),
    },
    more: [],
    isPartial: false,
    links: [],
    training: { decision: 'unknown', signals: [], unread: [] },
    evidence: fetchGroup(exchange),
    hops: [],
    robots,
  }
}

function exchangeOf(url: string, body: Uint8Array): Exchange {
  const headers: [string, string][] = [['Content-Type', 'text/html']]
  const heads = { requestHead: requestHead(url, []), responseHead: responseHead(200, 'OK', headers) }
  return { url, status: 200, headers, ...heads, body, fetchedAt: 1000, remoteAddress: null, truncated: false }
}

// what validators ask of it: leaves by their CIDs
const { public: space } = peer.storage
for (const cid of sampled) if ((await space.get(cid)) === undefined) throw new Error(`${cid} is gone`)
const usage = await space.usage()
await peer[Symbol.asyncDispose]()
await rm(home, { recursive: true, force: true })

const peak = Math.round(process.resourceUsage().maxRSS / 1024)
console.log(
  `${records} records in ${batches} batches, ${usage.blocks} blocks, ${Math.round(usage.bytes / (1 << 20))} MiB held, ${Math.round((performance.now() - started) / 1000)} s`,
)
const { userCPUTime, systemCPUTime } = process.resourceUsage()
console.log(`${Math.round((userCPUTime + systemCPUTime) / 1e6)} s of CPU`)
console.log(`peak RSS ${peak} MiB (target < ${TARGET_MIB} MiB)`)
process.exitCode = peak < TARGET_MIB ? 0 : 1

function rss(): number {
  return Math.round(process.memoryUsage.rss() / (1 << 20))
}
