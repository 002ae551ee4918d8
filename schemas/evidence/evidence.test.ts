import { isDeepStrictEqual } from 'node:util'
import { brotliCompressSync, deflateRawSync, deflateSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes, utf8 } from '../wire/index.ts'
import {
  decodeBody,
  type Exchange,
  fetchGroup,
  gzipMember,
  parseFetchGroup,
  requestHead,
  responseHead,
  warcDigest,
  warcinfoMember,
} from './index.ts'

const url = 'http://site.example/page?a=1'
const headers: [string, string][] = [['Content-Type', 'text/html; charset=utf-8']]
const exchange: Exchange = {
  url,
  status: 200,
  headers,
  requestHead: requestHead(url, [['User-Agent', 'quern']]),
  responseHead: responseHead(200, 'OK', headers),
  body: utf8('<p>Grain is milled between two stones.</p>'),
  fetchedAt: 1_760_000_000_123,
  remoteAddress: '192.0.2.7',
  truncated: false,
}
const robots = {
  url: 'http://site.example/robots.txt',
  recordId: '<urn:uuid:00000000-0000-8000-8000-000000000000>',
  payloadDigest: warcDigest(utf8('')),
  agent: 'quern',
  allowed: true,
  line: 3,
}
const packed = concatBytes(...fetchGroup(exchange, { robots, via: 'http://site.example/' }).members)
const code = (act: () => unknown): string => {
  try {
    act()
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown)
  }
  return 'none'
}

const CODES = ['BOMB', 'NOT_GZIP', 'BAD_WARC', 'BAD_HEAD', 'BAD_FACTS', 'BAD_TIME', 'BAD_URL', 'DIGEST_MISMATCH', 'NOT_CANONICAL']
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')
const encoded = (coding: string, body: Uint8Array) =>
  decodeBody({ headers: [['content-encoding', coding]], body: new Uint8Array(body) }, 10_000)
function outcome(bytes: Uint8Array): string {
  let group: unknown
  const refused = code(() => {
    group = parseFetchGroup(bytes)
  })
  if (refused !== 'none') return refused
  return isDeepStrictEqual(group, parseFetchGroup(packed)) ? 'same' : 'different'
}

describe('fetch group', () => {
  it('gives back the exchange and the facts', () => {
    const parsed = parseFetchGroup(packed)
    expect(parsed.exchange).toEqual(exchange)
    expect(parsed.facts).toEqual({ robots, via: 'http://site.example/', revisit: null })
    expect(parsed.payloadDigest).toBe(warcDigest(exchange.body))
  })

  it('gives back any body and any time', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4096 }), fc.integer({ min: 0, max: 4_000_000_000_000 }), (body, fetchedAt) => {
        const one = { ...exchange, body: new Uint8Array(body), fetchedAt, remoteAddress: null }
        expect(parseFetchGroup(concatBytes(...fetchGroup(one).members)).exchange).toEqual(one)
      }),
    )
  })

  it('keeps a body that came compressed as it came, and packs all else', () => {
    const html = utf8(Array.from({ length: 1000 }, (_, i) => `<p>Grain ${(i * i) % 7919} is milled between two stones.</p>`).join(''))
    const members = (coding: string, body: Uint8Array) => {
      const one: Exchange = { ...exchange, headers: [['Content-Encoding', coding]], body: new Uint8Array(body) }
      one.responseHead = responseHead(200, 'OK', one.headers)
      const group = fetchGroup(one).members
      expect(parseFetchGroup(concatBytes(...group)).exchange).toEqual(one)
      return group.map((member) => latin1(member))
    }
    for (const [coding, pack] of [
      ['gzip', gzipSync],
      ['gzip, br', brotliCompressSync],
    ] as const) {
      const body = pack(html)
      const [request = '', response, metadata] = members(coding, body)
      expect(response).toContain(latin1(body))
      expect(request).not.toContain('WARC-Type')
      expect(metadata).not.toContain('WARC-Type')
    }
    const note = gzipSync('<p>Found.</p>')
    for (const body of [note, new Uint8Array()]) for (const member of members('gzip', body)) expect(member).not.toContain('WARC-Type')
    for (const coding of ['identity', '', ', identity']) expect(members(coding, html)[1]?.length, coding).toBeLessThan(html.byteLength / 10)
  })

  it('names the same fetch the same way', () => {
    expect(fetchGroup(exchange).responseId).toBe(fetchGroup(exchange).responseId)
    expect(fetchGroup(exchange).responseId).not.toBe(fetchGroup({ ...exchange, fetchedAt: exchange.fetchedAt + 1 }).responseId)
  })

  it('keeps a revisit without its body', () => {
    const revisit = {
      profile: 'server-not-modified' as const,
      recordId: fetchGroup(exchange).responseId,
      url,
      fetchedAt: exchange.fetchedAt,
      payloadDigest: warcDigest(exchange.body),
    }
    const again = {
      ...exchange,
      status: 304,
      responseHead: responseHead(304, 'Not Modified', headers),
      body: new Uint8Array(),
      fetchedAt: 1,
    }
    const parsed = parseFetchGroup(concatBytes(...fetchGroup(again, { revisit }).members))
    expect(parsed.facts.revisit).toEqual(revisit)
    expect(parsed.exchange.status).toBe(304)
    expect(parsed.payloadDigest).toBe(revisit.payloadDigest)
  })

  it('marks a body that was cut', () => {
    expect(parseFetchGroup(concatBytes(...fetchGroup({ ...exchange, truncated: true }).members)).exchange.truncated).toBe(true)
  })

  it('hides a transfer encoding that the kept body no longer has', () => {
    const chunked = { ...exchange, responseHead: responseHead(200, 'OK', [...headers, ['Transfer-Encoding', 'chunked']]) }
    const parsed = parseFetchGroup(concatBytes(...fetchGroup(chunked).members)).exchange
    expect(parsed.headers).toContainEqual(['X-Crawl-Transfer-Encoding', 'chunked'])
    expect(parseFetchGroup(concatBytes(...fetchGroup(parsed).members)).exchange).toEqual(parsed)
  })

  it('refuses every cut, and every flipped byte', () => {
    for (let length = 0; length < packed.byteLength; length += 7)
      expect(code(() => parseFetchGroup(packed.subarray(0, length)))).not.toBe('none')
    fc.assert(
      fc.property(fc.nat(packed.byteLength - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bent = packed.slice()
        bent[at] = (bent[at] ?? 0) ^ flip
        // gzip's own time and system bytes say nothing about the fetch; anything else must be refused by code
        expect(['same', ...CODES]).toContain(outcome(bent))
      }),
      { numRuns: 400 },
    )
  })

  it('refuses records that are right one by one but not ours in form', () => {
    const records = fetchGroup(exchange).members.map((member) => new Uint8Array(gunzipSync(member)))
    const [request, response, metadata] = records as [Uint8Array, Uint8Array, Uint8Array]
    const otherDate = utf8(latin1(request).replace('WARC-Date: 2025', 'WARC-Date: 2024'))
    expect(code(() => parseFetchGroup(concatBytes(...[otherDate, response, metadata].map((part) => gzipMember(part)))))).toBe(
      'NOT_CANONICAL',
    )
    const otherBody = utf8(latin1(response).replace('Grain', 'Chaff'))
    expect(code(() => parseFetchGroup(concatBytes(...[request, otherBody, metadata].map((part) => gzipMember(part)))))).toBe(
      'DIGEST_MISMATCH',
    )
    expect(code(() => parseFetchGroup(concatBytes(...[request, response].map((part) => gzipMember(part)))))).toBe('BAD_WARC')
    expect(code(() => parseFetchGroup(concatBytes(...[...records, metadata].map((part) => gzipMember(part)))))).toBe('BAD_WARC')
    expect(code(() => parseFetchGroup(concatBytes(packed, utf8('tail'))))).not.toBe('none')
  })

  it('refuses bombs before they grow', () => {
    const bomb = new Uint8Array(gzipSync(new Uint8Array(64 << 20)))
    expect(code(() => parseFetchGroup(bomb))).toBe('BOMB')
    expect(code(() => fetchGroup({ ...exchange, body: new Uint8Array(13 << 20) }))).toBe('TOO_LARGE')
    expect(code(() => parseFetchGroup(new Uint8Array(13 << 20)))).toBe('TOO_LARGE')
  })

  it('takes of a body that says nothing what a reader takes', () => {
    const one = { ...exchange, body: new Uint8Array(8 << 20) }
    expect(parseFetchGroup(concatBytes(...fetchGroup(one).members)).payloadDigest).toBe(warcDigest(one.body))
  })

  it('refuses what no URL, time or head is', () => {
    expect(code(() => fetchGroup({ ...exchange, url: 'http://a/\r\nX: y' }))).toBe('BAD_URL')
    expect(code(() => fetchGroup({ ...exchange, url: 'ftp://a/' }))).toBe('BAD_URL')
    expect(code(() => fetchGroup({ ...exchange, fetchedAt: 1.5 }))).toBe('BAD_TIME')
    expect(code(() => fetchGroup({ ...exchange, responseHead: new Uint8Array(1 << 20) }))).toBe('BAD_HEAD')
  })

  it('starts a file with a warcinfo record', () => {
    const text = Buffer.from(gunzipSync(warcinfoMember({ at: 0, fields: [['software', 'quern']] }))).toString()
    expect(text).toContain('WARC-Type: warcinfo\r\n')
    expect(text).toContain('\r\nWARC-Date: 1970-01-01T00:00:00.000Z\r\n')
    expect(text.endsWith('software: quern\r\nformat: WARC File Format 1.1\r\n\r\n\r\n')).toBe(true)
  })
})

describe('decodeBody', () => {
  const page = utf8('<p>'.repeat(1000))

  it('takes off each encoding, and several', () => {
    expect(encoded('gzip', gzipSync(page))).toEqual(page)
    expect(encoded('GZIP', gzipSync(page))).toEqual(page)
    expect(encoded('deflate', deflateSync(page))).toEqual(page)
    expect(encoded('deflate', deflateRawSync(page))).toEqual(page)
    expect(encoded('br', brotliCompressSync(page))).toEqual(page)
    expect(encoded('zstd', zstdCompressSync(page))).toEqual(page)
    expect(encoded('gzip, br', brotliCompressSync(gzipSync(page)))).toEqual(page)
    expect(encoded('identity', page)).toEqual(page)
  })

  it('refuses bombs, lies and unknown encodings', () => {
    const zeros = new Uint8Array(50 << 20)
    expect(code(() => encoded('gzip', gzipSync(zeros)))).toBe('BODY_TOO_LARGE')
    expect(code(() => encoded('br', brotliCompressSync(zeros, { params: {} })))).toBe('BODY_TOO_LARGE')
    expect(code(() => encoded('deflate', deflateSync(zeros)))).toBe('BODY_TOO_LARGE')
    expect(code(() => encoded('zstd', zstdCompressSync(zeros)))).toBe('BODY_TOO_LARGE')
    expect(code(() => encoded('gzip', page))).toBe('BAD_ENCODING')
    expect(code(() => encoded('compress', page))).toBe('BAD_ENCODING')
    expect(code(() => encoded('gzip,gzip,gzip,gzip', page))).toBe('BAD_ENCODING')
    expect(code(() => encoded('gzip', gzipSync(page).subarray(0, 20)))).toBe('BAD_ENCODING')
  })
})
