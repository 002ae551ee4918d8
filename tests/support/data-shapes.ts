/** How a record, its evidence and the files of a release are read, for the vectors of them: what the code refuses is said by its code. */
import { openRecord } from '../../dao/batches/index.ts'
import { MAX_RELEASE_MANIFEST_BYTES, releaseManifest, sharesRoot, shareTable } from '../../dao/release/index.ts'
import { parseFetchGroup } from '../../schemas/evidence/index.ts'
import { CURRENT_PIPELINE, runPipeline } from '../../schemas/pipeline/index.ts'
import { type BatchIndex, type CID, canonicalJson, toHex, utf8, WireError } from '../../schemas/wire/index.ts'
import { webPageRecord } from '../../schemas/web-page/index.ts'

/** A leaf of `records.jsonl.gz` held against what a batch's index says of it: the record, or the code of the first rule that it breaks. */
export function openLeaf(leaf: Uint8Array, says: { cid: CID; bytes: number }): string {
  const row: BatchIndex['rows'][number] = {
    record: says.cid,
    bytes: says.bytes,
    recordLeaves: [0, 1],
    evidenceOffset: 0,
    evidenceBytes: 0,
    evidenceLeaves: [0, 0],
    robotsLeaves: [0, 0],
    tokens: 0,
    quality: 0,
    language: 'und',
    host: 'fixtures.example',
    contentDigest: new Uint8Array(32),
  }
  const opened = openRecord({ v: 1, recordLeaves: [], evidenceLeaves: [], rows: [row] }, 0, [leaf])
  return opened.ok ? new TextDecoder().decode(opened.record) : opened.code
}

/** The record that a fetch gives, as its canonical JSON, or the code with which evidence or page is refused. */
export function recordOfEvidence(evidence: Uint8Array, url: string): string {
  try {
    const result = runPipeline(CURRENT_PIPELINE, parseFetchGroup(evidence).exchange)
    if (!result.ok) return result.error.code
    return result.measured.url === url ? new TextDecoder().decode(result.measured.record) : 'OTHER_URL'
  } catch (thrown) {
    if (thrown instanceof WireError) return thrown.code
    throw thrown
  }
}

/** Canonical JSON of a `web-page@1`, or why it is none. */
export function readPage(text: string): string {
  const parsed = webPageRecord.safeParse(JSON.parse(text))
  if (!parsed.success) return 'BAD_SHAPE'
  return canonicalJson(parsed.data) === text ? text : 'NOT_CANONICAL'
}

/** What `manifest.json` and `shares.json` say together, or the first rule that they break. */
export function readReleaseFiles({ manifest, shares }: { manifest: string; shares: string }): string {
  if (utf8(manifest).byteLength > MAX_RELEASE_MANIFEST_BYTES) return 'TOO_LARGE'
  const named = releaseManifest.safeParse(JSON.parse(manifest))
  if (!named.success) return 'BAD_MANIFEST'
  const table = shareTable.safeParse(JSON.parse(shares))
  if (!table.success) return 'BAD_SHARES'
  const root = toHex(sharesRoot(table.data.rows))
  return root === table.data.root && root === named.data.sharesRoot ? root : 'SHARES_ROOT'
}
