/**
 * Opens sockets for undici, and is the only place that does. A guarded `lookup` would not be enough: undici never calls
 * it for hosts that are addresses already. So: resolve here, refuse unless every address may be reached, connect to the
 * checked address (name kept for SNI and certificate), and look once more at what the socket really reached.
 */
import type { Socket } from 'node:net'
import { callbackify } from 'node:util'
import { buildConnector } from 'undici'
import { FatalError, QuernError, RetryableError, toError } from '../errors/index.ts'
import { type AddressGuard, literalAddress } from './address-guard.ts'
import { openTunnel, type Proxy } from './proxy.ts'

/** All addresses of a name, in the order to try. */
export type Resolve = (name: string) => Promise<string[]>

export interface ConnectorOptions {
  guard: AddressGuard
  resolve: Resolve
  connectMs: number
  /** Everything goes through it; directly when absent. */
  proxy?: Proxy | undefined
  /** Sees every socket before undici does, and those still connecting (to end them early). */
  onSocket: (socket: Socket, state: 'connecting' | 'ready', address: string | undefined) => void
}

const MOST_ADDRESSES = 4

export function guardedConnector({ guard, resolve, connectMs, proxy, onSocket }: ConnectorOptions): buildConnector.connector {
  const open = buildConnector({ allowH2: false, timeout: connectMs, keepAlive: true, autoSelectFamily: false })

  async function connect(options: buildConnector.Options): Promise<Socket> {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80))
    const addresses = await checkedAddresses(options.hostname, port, guard, resolve)
    let last: unknown
    for (const address of addresses.slice(0, MOST_ADDRESSES)) {
      let socket: Socket
      try {
        socket = await (proxy === undefined ? openOne : openThrough(proxy))({ ...options, hostname: address }, open, onSocket)
      } catch (thrown) {
        last = thrown
        continue
      }
      try {
        // closes DNS rebinding and anything a proxy or NAT64 does between check and use
        // (through a proxy there is nothing to look at: the other end is the proxy)
        if (proxy === undefined) guard.checkAddress(socket.remoteAddress ?? '', port)
      } catch (thrown) {
        socket.destroy()
        throw thrown
      }
      onSocket(socket, 'ready', proxy === undefined ? socket.remoteAddress : address)
      return socket
    }
    throw connectError(last)
  }

  const withCallback = callbackify(connect)
  return (options, callback) => withCallback(options, (error, socket) => (error ? callback(error, null) : callback(null, socket)))
}

async function checkedAddresses(hostname: string, port: number, guard: AddressGuard, resolve: Resolve): Promise<string[]> {
  const literal = literalAddress(hostname)
  if (literal !== undefined) {
    guard.checkAddress(literal, port)
    return [literal]
  }
  guard.checkPort(port)
  if (guard.refusesName(hostname)) guard.checkName(hostname, [''], port)
  const addresses = await resolve(hostname.replace(/\.$/, ''))
  if (addresses.length === 0) throw new RetryableError('DNS', 'the name has no address')
  guard.checkName(hostname, addresses, port)
  return addresses
}

function openOne(options: buildConnector.Options, open: buildConnector.connector, onSocket: ConnectorOptions['onSocket']): Promise<Socket> {
  return new Promise((done, failed) => {
    const socket: unknown = open(options, (error, opened) => (error === null && opened !== null ? done(opened) : failed(toError(error))))
    if (socket !== undefined) onSocket(socket as Socket, 'connecting', undefined)
  })
}

/** The same through a proxy: a tunnel to the checked address, and TLS inside it where the URL says so. */
function openThrough(proxy: Proxy): typeof openOne {
  return async (options, open, onSocket) => {
    const port = Number(options.port || (options.protocol === 'https:' ? 443 : 80))
    const tunnel = await openTunnel(proxy, options.hostname, port, (socket) => onSocket(socket, 'connecting', undefined))
    return options.protocol === 'https:' ? openOne({ ...options, httpSocket: tunnel }, open, onSocket) : tunnel
  }
}

function connectError(thrown: unknown): QuernError {
  if (thrown instanceof QuernError) return thrown
  const cause = toError(thrown) as NodeJS.ErrnoException
  const code = cause.code ?? ''
  if (/CERT|SSL|TLS|EPROTO|SELF_SIGNED|UNABLE_TO/.test(code)) return new FatalError('TLS', `TLS failed: ${code}`, { cause })
  if (/TIMEOUT|TIMEDOUT/.test(code)) return new RetryableError('TIMEOUT', 'no connection in time', { cause, detail: { phase: 'connect' } })
  return new RetryableError('CONNECT', `no connection: ${code || 'unknown reason'}`, { cause })
}
