/** Peak memory of a contributor that seals, publishes and holds many records: `[RECORDS]`, 50,000 unless said; target < 512 MiB. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { keepHeapSmall } from '../cli/wiring/small-heap.ts'
import { generateKey } from '../core/identity/index.ts'
import { openPeer } from '../core/peer/index.ts'
import { BatchSealer, type SealedBatch } from '../node/seal/index.ts'
import { gzipMember } from '../schemas/evidence/index.ts'
import { canonicalJson, type CID, didFromPublicKey, type Leaf, MAX_BATCH_RECORDS, sha256, utf8 } from '../schemas/wire/index.ts'
import { realClock } from '../tests/support/real-clock.ts'

const TARGET_MIB = 512
const records = Number(process.argv[2] ?? 50_000)

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
  await peer.storage.private.pin(sealed.manifestCid, { why: 'batch' })
  await peer.storage.publish(sealed.manifestCid)
  batches++
  for (let i = 0; i < sealed.index.evidenceLeaves.length; i += 97) sampled.push((sealed.index.evidenceLeaves[i] as Leaf)[0])
  prev = sealed.manifestCid
  done += sealed.manifest.count
  console.log(`${done} records sealed and published: ${rss()} MiB, ${Math.round((performance.now() - started) / 1000)} s`)
}

async function seal(count: number, from: number): Promise<SealedBatch> {
  const sealer = new BatchSealer({
    ledger: 'quern/bench',
    contributor,
    schema: 'web-page@1',
    pipeline: 'web-page@1/1',
    sequence: batches,
    prev,
    salt,
  })
  sealer.addGroup([gzipMember(utf8('warcinfo'))])
  const robotsGroup = sealer.addGroup([gzipMember(utf8('User-agent: *\nAllow: /\n'))])
  for (let i = 0; i < count; i++) {
    const { html, text } = page(from + i)
    const evidenceGroup = sealer.addGroup([utf8('request'), html, utf8('metadata')].map((part) => gzipMember(part)))
    sealer.addRecord({
      record: utf8(canonicalJson({ text, url: `https://bench.test/${from + i}` })),
      host: 'bench.test',
      language: 'en',
      tokens: 1100,
      quality: 500_000,
      contentDigest: sha256(utf8(text)),
      sketch: new Uint8Array(512).fill(i),
      evidenceGroup,
      robotsGroup,
    })
    if (i % 64 === 63) await peer.storage.private.put(sealer.drain())
  }
  const batch = sealer.finish({ from: 1, to: 2 })
  await peer.storage.private.put(batch.blocks)
  return batch
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
