/** WARC bytes of one fetch -> exchange. The reader rebuilds the three records with the writer and compares: a fetch has one spelling only. */
import { equalBytes, WireError } from '../wire/index.ts'
import { digestBytes, warcDigest } from './digests.ts'
import type { Exchange } from './exchange.ts'
import { type FetchFacts, parseFacts, type Revisit } from './facts.ts'
import { readMember } from './gzip.ts'
import { headEnd, parseResponseHead } from './http-head.ts'
import { evidenceLimits } from './limits.ts'
import { fieldOf, parseRecord, parseWarcFields, type WarcRecord } from './warc-record.ts'
import { groupRecords, refuseRatio } from './write.ts'

export interface ParsedFetch {
  /** Of a revisit the body is empty: it lies where `facts.revisit` says. */
  exchange: Exchange
  facts: FetchFacts
  /** WARC-Record-ID and payload digest of the response. */
  responseId: string
  payloadDigest: string
}

/**
 * Reads the group of members that `fetchGroup` wrote, and nothing else.
 * Throws WireError: TOO_LARGE, BOMB, NOT_GZIP, BAD_WARC, BAD_HEAD, BAD_FACTS, BAD_TIME, BAD_URL, DIGEST_MISMATCH, NOT_CANONICAL.
 */
export function parseFetchGroup(packed: Uint8Array): ParsedFetch {
  const { fetch, end } = readFetch(packed, 0, evidenceLimits.unpackedBytes)
  if (end < packed.byteLength) throw new WireError('BAD_WARC', 'more than three records in one fetch')
  return fetch
}

/** Several fetches that lie together as one group, in file order: a site's rules. Throws what `parseFetchGroup` throws; TOO_LARGE beyond `most`. */
export function parseFetchGroups(packed: Uint8Array, most: number): ParsedFetch[] {
  const fetches: ParsedFetch[] = []
  let left: number = evidenceLimits.unpackedBytes
  for (let at = 0; at < packed.byteLength; ) {
    if (fetches.length === most) throw new WireError('TOO_LARGE', `more than ${most} fetches in one group`)
    const { fetch, end, unpackedBytes } = readFetch(packed, at, left)
    fetches.push(fetch)
    left -= unpackedBytes
    at = end
  }
  return fetches
}

/** The fetch that begins at `from`, of at most `most` bytes unpacked. */
function readFetch(packed: Uint8Array, from: number, most: number): { fetch: ParsedFetch; end: number; unpackedBytes: number } {
  const { records: unpacked, end } = unpack(packed, from, most)
  const unpackedBytes = unpacked.reduce((sum, record) => sum + record.byteLength, 0)
  return { fetch: parseRecords(unpacked), end, unpackedBytes }
}

function parseRecords(unpacked: Uint8Array[]): ParsedFetch {
  const [request, response, metadata] = unpacked.map((bytes) => parseRecord(bytes, evidenceLimits.warcHeaderBytes))
  if (request === undefined || response === undefined || metadata === undefined)
    throw new WireError('BAD_WARC', 'a fetch is a request, a response and a metadata record')
  for (const record of [request, response, metadata])
    if (fieldOf(record, 'WARC-Block-Digest') !== warcDigest(record.block))
      throw new WireError('DIGEST_MISMATCH', 'a block is not what its digest says')
  const { fetchedAt, robots, via } = parseFacts(parseWarcFields(metadata.block))
  const facts = { robots, via, revisit: revisitOf(response) }
  const exchange = exchangeOf(request, response, fetchedAt)
  if (facts.revisit !== null && exchange.body.byteLength > 0) throw new WireError('BAD_WARC', 'a revisit carries no body')
  const { records, responseId, payloadDigest } = groupRecords(exchange, facts)
  if (facts.revisit === null && fieldOf(response, 'WARC-Payload-Digest') !== payloadDigest)
    throw new WireError('DIGEST_MISMATCH', 'the payload is not what its digest says')
  if (!records.every((record, i) => equalBytes(record, unpacked[i] ?? new Uint8Array())))
    throw new WireError('NOT_CANONICAL', 'the WARC records are not in their canonical form')
  return { exchange, facts, responseId, payloadDigest }
}

/** Its three members. */
function unpack(packed: Uint8Array, from: number, most: number): { records: Uint8Array[]; end: number } {
  refuseRatio(packed.byteLength - from, 0)
  const records: Uint8Array[] = []
  let left = Math.min(most, Math.max(1 << 20, (packed.byteLength - from) * evidenceLimits.ratio))
  let at = from
  while (records.length < 3 && at < packed.byteLength) {
    const { bytes, end } = readMember(packed, at, left)
    records.push(bytes)
    left -= bytes.byteLength
    at = end
  }
  refuseRatio(
    at - from,
    records.reduce((sum, record) => sum + record.byteLength, 0),
  )
  return { records, end: at }
}

function exchangeOf(request: WarcRecord, response: WarcRecord, fetchedAt: number): Exchange {
  const { headBytes } = evidenceLimits
  const end = headEnd(response.block.subarray(0, headBytes))
  if (end < 0 || headEnd(request.block.subarray(0, headBytes)) !== request.block.byteLength)
    throw new WireError('BAD_HEAD', 'no HTTP head, or one beyond its limit')
  const responseHead = response.block.subarray(0, end)
  const { status, headers } = parseResponseHead(responseHead)
  return {
    url: fieldOf(response, 'WARC-Target-URI') ?? '',
    status,
    headers,
    requestHead: request.block,
    responseHead,
    body: response.block.subarray(end),
    fetchedAt,
    remoteAddress: fieldOf(response, 'WARC-IP-Address') ?? null,
    truncated: fieldOf(response, 'WARC-Truncated') === 'length',
  }
}

function revisitOf(response: WarcRecord): Revisit | null {
  if (fieldOf(response, 'WARC-Type') !== 'revisit') return null
  const profile = fieldOf(response, 'WARC-Profile')?.replace('http://netpreserve.org/warc/1.1/revisit/', '')
  const payloadDigest = fieldOf(response, 'WARC-Payload-Digest') ?? ''
  const date = fieldOf(response, 'WARC-Refers-To-Date') ?? ''
  if ((profile !== 'server-not-modified' && profile !== 'identical-payload-digest') || digestBytes(payloadDigest) === undefined)
    throw new WireError('BAD_WARC', 'the revisit names no known profile or payload')
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(date)) throw new WireError('BAD_TIME', 'the revisit names no time')
  return {
    profile,
    recordId: fieldOf(response, 'WARC-Refers-To') ?? '',
    url: fieldOf(response, 'WARC-Refers-To-Target-URI') ?? '',
    fetchedAt: Date.parse(date),
    payloadDigest,
  }
}
