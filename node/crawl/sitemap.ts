/** Sitemaps (sitemaps.org protocol 0.9): what a site's own list adds to the frontier. Read as a stream, entities and DTDs ignored, bounded everywhere. */
import { createGunzip } from 'node:zlib'
import { Parser } from 'htmlparser2'
import { decodeBody, type Exchange } from '../../schemas/evidence/index.ts'
import { WireError } from '../../schemas/wire/index.ts'

export interface Sitemap {
  /** `urlset` or plain text: pages. `sitemapindex`: more sitemaps. */
  isIndex: boolean
  /** In the order of the file. */
  urls: string[]
  /** Bytes or entries beyond the protocol's limits were left unread. */
  isCut: boolean
}

/** The protocol's own limits, on the uncompressed file. */
export const MAX_SITEMAP_BYTES = 50 << 20
const MAX_URLS = 50_000
const MAX_URL_LENGTH = 2048
const PIECE = 64 << 10

/** Reads an answer as a sitemap: XML or text, gzip inside or as content encoding. Throws WireError when the content encoding is broken or too large. */
export async function readSitemap(exchange: Exchange): Promise<Sitemap> {
  const body = decodeBody(exchange, MAX_SITEMAP_BYTES)
  const reader = new SitemapReader()
  const isGzip = body[0] === 0x1f && body[1] === 0x8b
  if (isGzip) await gunzipInto(body, reader)
  else for (let at = 0; at < body.length && !reader.isFull; at += PIECE) reader.write(body.subarray(at, at + PIECE))
  return reader.end()
}

class SitemapReader {
  readonly #decoder = new TextDecoder()
  readonly #urls: string[] = []
  #kind: 'unknown' | 'xml' | 'text' = 'unknown'
  #isIndex = false
  #isCut = false
  #bytes = 0
  /** Inside which `<loc>`; text is collected only there. */
  #loc: string | undefined
  #line = ''
  readonly #parents: string[] = []
  readonly #xml = new Parser(
    {
      onopentag: (tag) => {
        const name = tag.replace(/^.*:/, '')
        if (this.#parents.length === 0) this.#isIndex = name === 'sitemapindex'
        // `<image:loc>` lies deeper: only url/loc and sitemap/loc count
        if (name === 'loc' && this.#parents.length === 2 && /^(url|sitemap)$/.test(this.#parents[1] ?? '')) this.#loc = ''
        if (this.#parents.length < 64) this.#parents.push(name)
        else this.#isCut = true
      },
      ontext: (text) => {
        if (this.#loc !== undefined && this.#loc.length <= MAX_URL_LENGTH) this.#loc += text
      },
      onclosetag: () => {
        this.#parents.pop()
        if (this.#loc === undefined) return
        this.#take(this.#loc)
        this.#loc = undefined
      },
    },
    { xmlMode: true, decodeEntities: true },
  )

  get isFull(): boolean {
    return this.#isCut
  }

  write(bytes: Uint8Array): void {
    this.#bytes += bytes.length
    if (this.#bytes > MAX_SITEMAP_BYTES) this.#isCut = true
    if (this.#isCut) return
    const text = this.#decoder.decode(bytes, { stream: true })
    if (this.#kind === 'unknown') this.#kind = /^\s*</.test(text) ? 'xml' : 'text'
    if (this.#kind === 'xml') this.#xml.write(text)
    else this.#lines(text)
  }

  end(): Sitemap {
    if (this.#kind === 'text') this.#lines('\n')
    else this.#xml.end()
    return { isIndex: this.#isIndex, urls: this.#urls, isCut: this.#isCut }
  }

  #lines(text: string): void {
    const lines = `${this.#line}${text}`.split('\n')
    this.#line = (lines.pop() ?? '').slice(0, MAX_URL_LENGTH + 1)
    for (const line of lines) this.#take(line)
  }

  #take(text: string): void {
    const url = text.trim()
    if (url === '' || url.length > MAX_URL_LENGTH || !/^https?:\/\//i.test(url)) return
    if (this.#urls.length >= MAX_URLS) this.#isCut = true
    else this.#urls.push(url)
  }
}

/** Piece by piece: what grows beyond the limit is not waited for. */
function gunzipInto(body: Uint8Array, reader: SitemapReader): Promise<void> {
  return new Promise((resolve, reject) => {
    const gunzip = createGunzip()
    gunzip.on('data', (piece: Uint8Array) => {
      reader.write(piece)
      if (reader.isFull) {
        gunzip.destroy()
        resolve()
      }
    })
    gunzip.once('end', () => resolve())
    gunzip.once('error', () => reject(new WireError('BAD_ENCODING', 'the sitemap is no gzip file that can be read')))
    gunzip.end(body)
  })
}
