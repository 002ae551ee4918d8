/** Reading from a DAO over HTTP: bounded, resumable, every failure coded. */
import { open } from 'node:fs/promises'
import { FatalError, InvalidInputError, ProofError, RetryableError, toError } from '../../core/errors/index.ts'

/** The global `fetch`, handed in by `cli`. */
export type HttpRequest = (url: string, init: { headers?: Record<string, string>; signal?: AbortSignal }) => Promise<Response>

export class Http {
  readonly #request: HttpRequest
  readonly #signal: AbortSignal | undefined

  constructor(request: HttpRequest, signal: AbortSignal | undefined) {
    this.#request = request
    this.#signal = signal
  }

  async json(url: string): Promise<unknown> {
    try {
      return JSON.parse(new TextDecoder().decode(await this.bytes(url, 16 << 20)))
    } catch (thrown) {
      throw thrown instanceof SyntaxError
        ? new InvalidInputError('BAD_ANSWER', `${url} did not answer with JSON`, { cause: thrown })
        : thrown
    }
  }

  async bytes(url: string, maxBytes: number): Promise<Uint8Array> {
    return readAll(this.#chunks(url, await this.#ask(url, {})), maxBytes)
  }

  /** Downloads to `target`, going on where a stopped run ended. */
  async file(url: string, target: string, bytes: number, onBytes: (bytes: number) => void): Promise<void> {
    const handle = await open(target, 'a')
    try {
      let at = (await handle.stat()).size
      if (at >= bytes) {
        await handle.truncate(0)
        at = 0
      }
      const response = await this.#ask(url, at > 0 ? { range: `bytes=${at}-` } : {})
      if (at > 0 && response.status !== 206) {
        await handle.truncate(0)
        at = 0
      }
      for await (const chunk of this.#chunks(url, response)) {
        at += chunk.byteLength
        if (at > bytes) throw new ProofError('DIGEST_MISMATCH', `${url} sends more than the ${bytes} bytes of the manifest`)
        await handle.writeFile(chunk)
        onBytes(at)
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
  }

  async *#chunks(url: string, response: Response): AsyncGenerator<Uint8Array> {
    try {
      yield* response.body ?? []
    } catch (cause) {
      this.#signal?.throwIfAborted()
      throw new RetryableError('HTTP', `${url} broke off: ${toError(cause).message}`, { cause })
    }
  }

  async #ask(url: string, headers: Record<string, string>): Promise<Response> {
    const response = await this.#request(url, {
      headers: { 'accept-encoding': 'identity', ...headers },
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    }).catch((cause: unknown) => {
      this.#signal?.throwIfAborted()
      throw new RetryableError('HTTP', `${url} does not answer: ${toError(cause).message}`, { cause })
    })
    if (response.status === 404) throw new InvalidInputError('NO_RELEASE', `${url} is not there`)
    if (!response.ok)
      throw response.status >= 500 || response.status === 429
        ? new RetryableError('HTTP', `${url} answers ${response.status}`)
        : new FatalError('HTTP', `${url} answers ${response.status}`)
    return response
  }
}

async function readAll(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > maxBytes) throw new InvalidInputError('TOO_LARGE', `more than ${maxBytes} bytes`)
    parts.push(chunk)
  }
  return new Uint8Array(Buffer.concat(parts))
}
