import type { Exchange } from '../../schemas/evidence/index.ts'
import type { Logger } from '../effects/index.ts'
import { codeOf, InvalidInputError, RetryableError } from '../errors/index.ts'
import { AddressGuard, literalAddress } from './address-guard.ts'
import { checkUrl, portOf } from './check-url.ts'
import { Connection } from './connection.ts'
import { ConnectionPool } from './connection-pool.ts'
import { checkDecodedSize } from './decoded-size.ts'
import { type WebLimits, webLimits } from './limits.ts'
import type { OpenWebOptions } from './open-web.ts'
import { Deadlines } from './phase-timer.ts'
import { parseProxy } from './proxy.ts'
import { resolveNames } from './resolve-names.ts'
import type { GetOptions, Web } from './web.ts'

/** Headers a caller may not set: they frame the message or say who we are. */
const OURS = new Set([
  'host',
  'connection',
  'user-agent',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'keep-alive',
  'te',
  'trailer',
  'expect',
])

/** The real web over undici: no redirects, no cookies, no cache, one address guard on every connection. */
export class UndiciWeb implements Web {
  readonly #limits: WebLimits
  readonly #guard: AddressGuard
  readonly #pool: ConnectionPool
  readonly #userAgent: string
  readonly #deadlines: Deadlines
  readonly #logger: Logger

  constructor({ clock, userAgent, allowPrivate, limits, hosts, resolve, proxy, logger }: Required<OpenWebOptions>) {
    if (!/^[A-Za-z_-]+([/ ][\x20-\x7e]*)?$/.test(userAgent) || userAgent.length > 512)
      throw new InvalidInputError('BAD_USER_AGENT', 'a user agent begins with a product token of letters, "_" and "-", in visible ASCII')
    this.#userAgent = userAgent
    this.#limits = { ...webLimits, ...limits }
    this.#guard = new AddressGuard(allowPrivate)
    this.#logger = logger
    this.#deadlines = new Deadlines(clock)
    const guarded = {
      guard: this.#guard,
      resolve: resolve ?? resolveNames(hosts),
      clock,
      deadlines: this.#deadlines,
      limits: this.#limits,
      proxy: proxy === undefined ? undefined : parseProxy(proxy),
    }
    this.#pool = new ConnectionPool(
      (origin) => {
        this.#checkEarly(new URL(origin))
        return new Connection({ origin, ...guarded })
      },
      this.#limits.connectionsPerOrigin,
      this.#limits.idleConnections,
    )
  }

  async get(address: string, { signal, headers, maxBytes, maxDecodedBytes, skipBody }: GetOptions = {}): Promise<Exchange> {
    const url = checkUrl(address)
    const ask = { url, headers: this.#headers(headers), maxBytes: maxBytes ?? this.#limits.bodyBytes, signal, skipBody }
    for (let attempt = 0; ; attempt++) {
      const connection = await this.#pool.acquire(url.origin, signal)
      const used = connection.served > 0
      try {
        const exchange = await connection.get(ask)
        await checkDecodedSize(exchange.headers, exchange.body, maxDecodedBytes ?? this.#limits.decodedBytes)
        return exchange
      } catch (thrown) {
        // the server may close an idle connection in the moment we use it: that says nothing about the page
        if (used && attempt === 0 && thrown instanceof RetryableError && thrown.code === 'RESET' && signal?.aborted !== true) continue
        this.#logger.debug('web.get failed', { host: url.host, code: codeOf(thrown) })
        throw thrown
      } finally {
        this.#pool.release(connection)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pool.close()
    this.#deadlines[Symbol.dispose]()
  }

  /** What can be said of an origin without a socket; the connector checks everything again. */
  #checkEarly(url: URL): void {
    const literal = literalAddress(url.hostname)
    if (literal !== undefined) this.#guard.checkAddress(literal, portOf(url))
    else this.#guard.checkPort(portOf(url))
  }

  #headers(extra: Record<string, string> = {}): Record<string, string> {
    const all: Record<string, string> = {
      'user-agent': this.#userAgent,
      accept: 'text/html,application/xhtml+xml,text/plain;q=0.8,*/*;q=0.1',
      'accept-encoding': 'gzip, br',
    }
    for (const [name, value] of Object.entries(extra)) if (!OURS.has(name.toLowerCase())) all[name.toLowerCase()] = value
    return all
  }
}
