/** The interface on a socket. */
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { FatalError } from '../../../core/errors/index.ts'

export interface Listening extends AsyncDisposable {
  url: string
  port: number
}

/** Where slow or silent clients are let go; answers may take as long as their reader needs. */
const SERVER = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 10_000,
  maxHeaderSize: 16 << 10,
  connectionsCheckingInterval: 5_000,
}

/** Port 0 takes any free one. Throws FatalError LISTEN. Disposing ends open connections. */
export async function listen(
  app: OpenAPIHono,
  { host = '127.0.0.1', port = 0 }: { host?: string; port?: number } = {},
): Promise<Listening> {
  const server = createAdaptorServer({ fetch: app.fetch, createServer, serverOptions: SERVER }) as ReturnType<typeof createServer>
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(new FatalError('LISTEN', `cannot listen on ${host}:${port}: ${cause.message}`, { cause })))
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${name}:${address.port}`,
    port: address.port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
