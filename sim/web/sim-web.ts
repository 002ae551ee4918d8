/** The web of a simulated world: answers come from a table of pages, time from the world's clock. One view per peer. */
import type { Clock } from '../../core/effects/index.ts'
import { FatalError, RetryableError } from '../../core/errors/index.ts'
import { checkUrl, type GetOptions, type Web } from '../../core/web/index.ts'
import { type Exchange, requestHead, responseHead } from '../../schemas/evidence/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import type { SimSite } from './sim-site.ts'

/** FNV-1a of 32 bits with a last mixing (MurmurHash3's): how long a fetch takes needs no better chance. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

export interface SimAnswer {
  status?: number
  headers?: [name: string, value: string][]
  body: Uint8Array | string
  /** Over the host's own latency. */
  latencyMs?: number
}

export interface SimWebOptions {
  clock: Clock
  site: SimSite
  /** Inclusive, whole milliseconds, one value per host and fetch. */
  latencyMs?: [least: number, most: number]
  /** Asked first: adversaries and tests put pages, errors and silence here. Undefined leaves the answer to the site. */
  override?: ((url: URL, view: string) => SimAnswer | Error | undefined) | undefined
  userAgent?: string
}

const MAX_BODY_BYTES = 5 << 20
const MAX_DECODED_BYTES = 20 << 20
const HTML: [string, string][] = [['Content-Type', 'text/html; charset=utf-8']]
const TEXT: [string, string][] = [['Content-Type', 'text/plain; charset=utf-8']]

export class SimWeb {
  readonly site: SimSite
  /** URLs that any view asked for, in order. */
  readonly requests: { view: string; url: string; at: number }[] = []
  readonly #options: Required<SimWebOptions>

  constructor(options: SimWebOptions) {
    this.site = options.site
    this.#options = { latencyMs: [5, 60], override: undefined, userAgent: 'Quern-sim/1 (+mailto:sim@example.org)', ...options }
  }

  /** The web as one peer sees it. Its n-th fetch of a page is the same whatever other peers do. */
  view(name: string): Web {
    const visits = new Map<string, number>()
    return {
      get: async (url, options = {}) => {
        const key = checkUrl(url).href
        const visit = (visits.get(key) ?? 0) + 1
        visits.set(key, visit)
        return this.#get(key, name, visit, options)
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }

  async #get(
    url: string,
    view: string,
    visit: number,
    { signal, maxBytes = MAX_BODY_BYTES, maxDecodedBytes, skipBody }: GetOptions,
  ): Promise<Exchange> {
    const { clock, override } = this.#options
    signal?.throwIfAborted()
    const fetchedAt = clock.now()
    this.requests.push({ view, url, at: fetchedAt })
    const parsed = new URL(url)
    const answer = override?.(parsed, view) ?? this.#answer(parsed, `${view} ${visit}`)
    const wait = this.#latency(parsed.host, `${view} ${visit} ${parsed.pathname}`) + (answer instanceof Error ? 0 : (answer.latencyMs ?? 0))
    if (wait > 0) await clock.sleep(wait, signal)
    if (answer instanceof Error) throw answer
    return exchangeOf(
      url,
      fetchedAt,
      answer,
      { maxBytes, maxDecodedBytes: maxDecodedBytes ?? MAX_DECODED_BYTES, skipBody },
      this.#options.userAgent,
    )
  }

  #answer({ hostname, pathname }: URL, draw: string): SimAnswer | Error {
    if (this.site.host(hostname) === undefined) return new RetryableError('DNS', 'the name did not resolve')
    if (pathname === '/robots.txt') return { headers: TEXT, body: this.site.robots(hostname) ?? '' }
    const body = this.site.page(hostname, pathname, draw)
    return body === undefined ? { status: 404, headers: HTML, body: '<h1>Not found</h1>' } : { headers: HTML, body }
  }

  #latency(host: string, draw: string): number {
    const [least, most] = this.#options.latencyMs
    if (most === 0) return 0
    return least + (fnv1a(`${host} ${draw}`) % (most - least + 1))
  }
}

type Bounds = Required<Pick<GetOptions, 'maxBytes' | 'maxDecodedBytes'>> & { skipBody: GetOptions['skipBody'] | undefined }

function exchangeOf(
  url: string,
  fetchedAt: number,
  answer: SimAnswer,
  { maxBytes, maxDecodedBytes, skipBody }: Bounds,
  userAgent: string,
): Exchange {
  const { status = 200, headers: own = [] } = answer
  const whole = typeof answer.body === 'string' ? utf8(answer.body) : answer.body
  const headers: [string, string][] = [...own, ['Content-Length', String(whole.length)]]
  const isSkipped = skipBody?.({ status, headers }) === true
  const body = isSkipped ? new Uint8Array() : whole.length > maxBytes ? whole.slice(0, maxBytes) : whole
  if (body.length > maxDecodedBytes) throw new FatalError('BODY_TOO_LARGE', `the body decodes to more than ${maxDecodedBytes} bytes`)
  return {
    url,
    status,
    headers,
    requestHead: requestHead(url, [['User-Agent', userAgent]]),
    responseHead: responseHead(status, 'Simulated', headers),
    body,
    fetchedAt,
    remoteAddress: null,
    truncated: isSkipped || whole.length > maxBytes,
  }
}
