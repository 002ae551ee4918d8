/**
 * An HTTP proxy as a tunnel (RFC 9110, 9.3.6). Names are resolved here and the guard decides here; the proxy is told the checked address, never
 * the name, for plain http as well. What it does with that is beyond our sight: the socket's other end is the proxy.
 */
import { connect, isIPv6, type Socket } from 'node:net'
import { FatalError, InvalidInputError, RetryableError } from '../errors/index.ts'

export interface Proxy {
  host: string
  port: number
  /** `Proxy-Authorization` value; undefined without a user name. */
  authorization: string | undefined
}

const MAX_HEAD_BYTES = 16 << 10
const END = Buffer.from('\r\n\r\n')

/** Throws InvalidInputError BAD_PROXY. The password stays out of the message. */
export function parseProxy(text: string): Proxy {
  const url = URL.parse(text)
  if (url === null || url.protocol !== 'http:' || url.hostname === '' || url.pathname !== '/' || url.search !== '')
    throw new InvalidInputError('BAD_PROXY', 'a proxy is written http://[user:password@]host:port')
  const who = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? 80 : Number(url.port),
    authorization: url.username === '' ? undefined : `Basic ${Buffer.from(who).toString('base64')}`,
  }
}

/** A socket whose other end is `address:port`, as the proxy says. Throws RetryableError PROXY, FatalError PROXY_REFUSED. */
export function openTunnel(
  { host, port: proxyPort, authorization }: Proxy,
  address: string,
  port: number,
  onSocket: (socket: Socket) => void,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = `${isIPv6(address) ? `[${address}]` : address}:${port}`
    const socket = connect({ host, port: proxyPort, noDelay: true })
    onSocket(socket)
    let head = Buffer.alloc(0)
    const fail = (error: Error): void => {
      socket.destroy()
      reject(error)
    }
    const onError = (cause: Error): void => fail(new RetryableError('PROXY', 'the proxy cannot be reached', { cause }))
    const onClose = (): void => fail(new RetryableError('PROXY', 'the proxy ended the connection'))
    const onData = (bytes: Buffer): void => {
      head = Buffer.concat([head, bytes])
      const end = head.indexOf(END)
      if (end === -1) {
        if (head.length > MAX_HEAD_BYTES) fail(new FatalError('PROXY_REFUSED', 'the proxy answers with more than a head'))
        return
      }
      const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.toString('latin1', 0, 64))?.[1] ?? 0)
      if (status < 200 || status > 299)
        return fail(
          status >= 500
            ? new RetryableError('PROXY', `the proxy answers ${status}`)
            : new FatalError('PROXY_REFUSED', `the proxy answers ${status}; does it allow CONNECT to port ${port}?`),
        )
      socket.off('data', onData).off('error', onError).off('close', onClose)
      socket.pause()
      const rest = head.subarray(end + END.length)
      if (rest.length > 0) socket.unshift(rest)
      resolve(socket)
    }
    socket.on('data', onData).once('error', onError).once('close', onClose)
    socket.once('connect', () =>
      socket.write(
        `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization === undefined ? '' : `Proxy-Authorization: ${authorization}\r\n`}\r\n`,
      ),
    )
  })
}
