/** Exchange -> WARC: request, response (or revisit) and metadata, one gzip member each, lying together in `evidence.warc.gz`. */
import { concatBytes, WireError } from '../wire/index.ts'
import { contentCodings } from './body.ts'
import { recordId, warcDigest } from './digests.ts'
import type { Exchange } from './exchange.ts'
import { factLines, type FetchFacts, noFacts } from './facts.ts'
import { gzipMember, storedMember } from './gzip.ts'
import { withoutTransferEncoding } from './http-head.ts'
import { evidenceLimits, MAX_URL_BYTES } from './limits.ts'
import { serializeRecord, warcFields } from './warc-record.ts'

export interface FetchGroup {
  /** One gzip member per WARC record, in file order. */
  members: Uint8Array[]
  /** WARC-Record-ID and payload digest of the response: what a later robots fact or revisit names. */
  responseId: string
  payloadDigest: string
}

/** The first member of a WARC file: who wrote it. `at` in Unix milliseconds. */
export function warcinfoMember({ at, fields }: { at: number; fields: [name: string, value: string][] }): Uint8Array {
  const block = warcFields([...fields, ['format', 'WARC File Format 1.1']])
  const digest = warcDigest(block)
  const date = warcDate(at)
  return gzipMember(
    serializeRecord({
      fields: [
        ['WARC-Type', 'warcinfo'],
        ['WARC-Record-ID', recordId('warcinfo', '', date, digest)],
        ['WARC-Date', date],
        ['Content-Type', 'application/warc-fields'],
        ['WARC-Block-Digest', digest],
      ],
      block,
    }),
  )
}

/**
 * The evidence of one fetch. Deterministic but for gzip's choices; `parseFetchGroup` gives the exchange back.
 * Throws WireError BAD_URL, BAD_HEAD, TOO_LARGE or BOMB when others would refuse to read it.
 */
export function fetchGroup(exchange: Exchange, facts: Partial<FetchFacts> = {}): FetchGroup {
  const { records, responseId, payloadDigest } = groupRecords(exchange, { ...noFacts, ...facts })
  const unpacked = records.reduce((sum, record) => sum + record.byteLength, 0)
  const { unpackedBytes } = evidenceLimits
  if (unpacked > unpackedBytes) throw new WireError('TOO_LARGE', `evidence of ${unpacked} bytes, at most ${unpackedBytes} are taken`)
  const [request, response, metadata] = records
  // of a revisit, or a redirect's short note, the heads are most
  const isPacked = contentCodings(exchange.headers).length > 0 && exchange.body.byteLength * 2 > response.byteLength
  const members = [gzipMember(request), isPacked ? storedMember(response) : gzipMember(response), gzipMember(metadata)]
  refuseRatio(
    members.reduce((sum, member) => sum + member.byteLength, 0),
    unpacked,
  )
  return { members, responseId, payloadDigest }
}

export function refuseRatio(packed: number, unpacked: number): void {
  const { packedBytes, ratio } = evidenceLimits
  if (packed > packedBytes) throw new WireError('TOO_LARGE', `evidence of ${packed} packed bytes, at most ${packedBytes} are taken`)
  if (unpacked > 1 << 20 && unpacked > packed * ratio) throw new WireError('BOMB', `unpacks to more than ${ratio} times its size`)
}

/** WARC-Date with milliseconds: WARC 1.1 allows the fraction. */
function warcDate(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0 || ms > 253_402_300_799_999) throw new WireError('BAD_TIME', 'not a time in Unix milliseconds')
  return new Date(ms).toISOString()
}

/** The three records before packing: the canonical bytes of a fetch, which the reader rebuilds and compares. */
export function groupRecords(
  exchange: Exchange,
  facts: FetchFacts,
): { records: [request: Uint8Array, response: Uint8Array, metadata: Uint8Array]; responseId: string; payloadDigest: string } {
  const { url, fetchedAt } = exchange
  if (!/^https?:\/\/[!-~]+$/.test(url) || url.length > MAX_URL_BYTES || url.includes('#'))
    throw new WireError('BAD_URL', 'not a serialised http(s) URL without fragment')
  const date = warcDate(fetchedAt)
  const head = withoutTransferEncoding(exchange.responseHead)
  if (head.byteLength > evidenceLimits.headBytes || exchange.requestHead.byteLength > evidenceLimits.headBytes)
    throw new WireError('BAD_HEAD', 'an HTTP head is beyond its limit')
  const address: [string, string][] = exchange.remoteAddress === null ? [] : [['WARC-IP-Address', exchange.remoteAddress]]
  const { revisit } = facts
  const block = revisit === null ? concatBytes(head, exchange.body) : head
  const blockDigest = warcDigest(block)
  const payloadDigest = revisit?.payloadDigest ?? warcDigest(exchange.body)
  const type = revisit === null ? 'response' : 'revisit'
  const responseId = recordId(type, url, date, blockDigest)
  const requestDigest = warcDigest(exchange.requestHead)
  const metadata = warcFields(factLines(fetchedAt, facts))
  const metadataDigest = warcDigest(metadata)
  const common = (id: string): [string, string][] => [
    ['WARC-Record-ID', id],
    ['WARC-Date', date],
    ['WARC-Target-URI', url],
  ]
  const records: [Uint8Array, Uint8Array, Uint8Array] = [
    serializeRecord({
      fields: [
        ['WARC-Type', 'request'],
        ...common(recordId('request', url, date, requestDigest)),
        ...address,
        ['WARC-Concurrent-To', responseId],
        ['Content-Type', 'application/http; msgtype=request'],
        ['WARC-Block-Digest', requestDigest],
        ['WARC-Payload-Digest', warcDigest(new Uint8Array())],
      ],
      block: exchange.requestHead,
    }),
    serializeRecord({
      fields: [
        ['WARC-Type', type],
        ...common(responseId),
        ...address,
        ...(revisit === null ? [] : revisitFields(revisit)),
        ...(exchange.truncated ? ([['WARC-Truncated', 'length']] as [string, string][]) : []),
        ['Content-Type', 'application/http; msgtype=response'],
        ['WARC-Block-Digest', blockDigest],
        ['WARC-Payload-Digest', payloadDigest],
      ],
      block,
    }),
    serializeRecord({
      fields: [
        ['WARC-Type', 'metadata'],
        ...common(recordId('metadata', url, date, metadataDigest)),
        ['WARC-Concurrent-To', responseId],
        ['Content-Type', 'application/warc-fields'],
        ['WARC-Block-Digest', metadataDigest],
      ],
      block: metadata,
    }),
  ]
  return { records, responseId, payloadDigest }
}

function revisitFields({ profile, recordId: id, url, fetchedAt }: NonNullable<FetchFacts['revisit']>): [string, string][] {
  return [
    ['WARC-Profile', `http://netpreserve.org/warc/1.1/revisit/${profile}`],
    ['WARC-Refers-To', id],
    ['WARC-Refers-To-Target-URI', url],
    ['WARC-Refers-To-Date', warcDate(fetchedAt)],
  ]
}
