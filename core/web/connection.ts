/** One HTTP/1.1 connection with at most one request on it, and the exchange that request gives. */
import type { Socket } from 'node:net'
import { Client, type Dispatcher } from 'undici'
import { type Exchange, parseResponseHead, requestHead, responseHead } from '../../schemas/evidence/index.ts'
import { joinBytes } from '../../schemas/wire/index.ts'
import type { Clock } from '../effects/index.ts'
import { FatalError, QuernError, RetryableError, toError } from '../errors/index.ts'
import type { AddressGuard } from './address-guard.ts'
import { guardedConnector, type Resolve } from './guarded-connector.ts'
import { HeadTap } from './head-tap.ts'
import type { WebLimits } from './limits.ts'
import { type Deadlines, PhaseTimer } from './phase-timer.ts'
import type { Proxy } from './proxy.ts'
import type { GetOptions } from './web.ts'

export interface ConnectionOptions {
  origin: string
  guard: AddressGuard
  resolve: Resolve
  clock: Clock
  deadlines: Deadlines
  limits: WebLimits
  proxy: Proxy | undefined
}

export interface Ask {
  url: URL
  headers: Record<string, string>
  maxBytes: number
  signal: AbortSignal | undefined
  skipBody: GetOptions['skipBody']
}

const IDLE_MS = 15_000
/** A body may come byte by byte, and each piece that is held weighs as much as a hundred of them. */
const MOST_PIECES = 1024

export class Connection {
  readonly origin: string
  /** Answers it has carried; a failure on a used connection may only mean that the server had closed it meanwhile. */
  served = 0
  /** False once it must not carry another request. */
  usable = true
  readonly #client: Client
  readonly #clock: Clock
  readonly #deadlines: Deadlines
  readonly #limits: WebLimits
  #tap: HeadTap | undefined
  #connecting: Socket | undefined
  #remoteAddress: string | null = null

  constructor({ origin, guard, resolve, clock, deadlines, limits, proxy }: ConnectionOptions) {
    this.origin = origin
    this.#clock = clock
    this.#deadlines = deadlines
    this.#limits = limits
    this.#client = new Client(origin, {
      // phases are timed by the clock that was given, not by undici
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: IDLE_MS * 4,
      maxHeaderSize: limits.headerBytes,
      pipelining: 1,
      connect: guardedConnector({
        guard,
        resolve,
        connectMs: limits.connectMs,
        proxy,
        onSocket: (socket, state, address) => {
          if (!this.usable) {
            socket.destroy()
            return
          }
          this.#connecting = state === 'connecting' ? socket : undefined
          if (state === 'connecting') return
          this.served = 0
          this.#remoteAddress = address ?? null
          this.#tap = new HeadTap(socket, limits.headerBytes * 2 + (64 << 10))
        },
      }),
    })
  }

  /** Ends it at once; whatever runs on it fails. */
  destroy(): void {
    this.usable = false
    this.#connecting?.destroy()
    void this.#client.destroy().catch(() => {})
  }

  get({ url, headers, maxBytes, signal, skipBody }: Ask): Promise<Exchange> {
    const fetchedAt = this.#clock.now()
    return new Promise((resolve, reject) => {
      let settled = false
      let bytes = 0
      const chunks: Uint8Array[] = []
      /** Chunks, from the first on, that were many pieces. */
      let wholes = 0
      let exchange: Omit<Exchange, 'body' | 'truncated'> | undefined

      const end = (): boolean => {
        if (settled) return false
        settled = true
        timer.stop()
        signal?.removeEventListener('abort', onAbort)
        return true
      }
      const fail = (error: unknown): void => {
        if (!end()) return
        this.destroy()
        reject(toError(error))
      }
      const finish = (truncated: boolean): void => {
        if (exchange === undefined) return fail(new FatalError('BAD_RESPONSE', 'the response ended before its head'))
        if (!end()) return
        this.served++
        if (truncated) this.destroy()
        resolve({ ...exchange, ...laidTogether(exchange, chunks), truncated })
      }
      const onAbort = (): void => fail(signal?.reason)
      const timer = new PhaseTimer(this.#deadlines, this.#limits.totalMs, (phase) =>
        fail(new RetryableError('TIMEOUT', `no ${phase === 'connect' ? 'connection' : phase} in time`, { detail: { phase } })),
      )
      if (signal?.aborted === true) return onAbort()
      signal?.addEventListener('abort', onAbort, { once: true })
      timer.enter('connect', this.#limits.connectMs)

      const handler: Dispatcher.DispatchHandler = {
        onRequestStart: () => {
          timer.enter('headers', this.#limits.headersMs)
          this.#tap?.arm()
        },
        onResponseStart: (controller, status, parsed, message) => {
          if (status < 200 || settled) return
          timer.enter('body', this.#limits.bodyMs)
          const heads = this.#tap?.take()
          const head = heads?.response ?? responseHead(status, message ?? '', rawPairs(controller.rawHeaders, parsed))
          try {
            // the very function that a replay uses: what it cannot read back is no evidence
            const { headers: received } = parseResponseHead(head)
            exchange = {
              url: url.href,
              status,
              headers: received,
              requestHead: heads?.request ?? requestHead(url.href, Object.entries(headers)),
              responseHead: head,
              fetchedAt,
              remoteAddress: this.#remoteAddress,
            }
            if (skipBody?.({ status, headers: received }) === true) finish(true)
          } catch (cause) {
            fail(new FatalError('BAD_RESPONSE', 'the response head cannot be read', { cause }))
          }
        },
        onResponseData: (_controller, chunk) => {
          if (settled) return
          const room = maxBytes - bytes
          const part = chunk.byteLength > room ? chunk.subarray(0, room) : chunk
          chunks.push(part)
          bytes += part.byteLength
          if (chunks.length - wholes === MOST_PIECES) chunks.push(joinBytes(chunks.splice(wholes++)))
          if (chunk.byteLength > room) finish(true)
        },
        onResponseEnd: () => finish(false),
        onResponseError: (_controller, error) => fail(webError(error)),
      }
      this.#client.dispatch({ path: url.pathname + url.search, method: 'GET', headers }, handler)
    })
  }
}

/** Header names and values as received; undici keeps them as bytes beside the parsed ones. */
function rawPairs(
  raw: Dispatcher.DispatchController['rawHeaders'],
  parsed: Record<string, string | string[] | undefined>,
): [string, string][] {
  if (!Array.isArray(raw))
    return Object.entries(parsed).flatMap(([name, value]) => [value ?? []].flat().map((one): [string, string] => [name, one]))
  const pairs: [string, string][] = []
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([latin1(raw[i]), latin1(raw[i + 1])])
  return pairs
}

function latin1(value: Buffer | string | undefined): string {
  return typeof value === 'string' ? value : (value ?? Buffer.alloc(0)).toString('latin1')
}

/** Copies, all in one buffer: to another thread it moves as one thing. */
function laidTogether(
  heads: Pick<Exchange, 'requestHead' | 'responseHead'>,
  chunks: Uint8Array[],
): Pick<Exchange, 'requestHead' | 'responseHead' | 'body'> {
  const all = joinBytes([heads.requestHead, heads.responseHead, ...chunks])
  const requestEnd = heads.requestHead.byteLength
  const headsEnd = requestEnd + heads.responseHead.byteLength
  return { requestHead: all.subarray(0, requestEnd), responseHead: all.subarray(requestEnd, headsEnd), body: all.subarray(headsEnd) }
}

/** undici's and Node's errors in the words of the `Web` interface. */
function webError(error: Error): QuernError {
  if (error instanceof QuernError) return error
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (code === 'UND_ERR_HEADERS_OVERFLOW' || error.name === 'HeadersOverflowError')
    return new FatalError('BAD_RESPONSE', 'the response head is too large', { cause: error })
  if (error.name === 'HTTPParserError' || code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH' || /bad (response|upgrade)/.test(error.message))
    return new FatalError('BAD_RESPONSE', `not an HTTP response that can be read: ${code || error.message}`, { cause: error })
  if (/TIMEOUT|TIMEDOUT/.test(code)) return new RetryableError('TIMEOUT', 'no answer in time', { cause: error })
  return new RetryableError('RESET', `the connection ended early: ${code || error.name}`, { cause: error })
}
