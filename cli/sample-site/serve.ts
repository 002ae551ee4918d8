/**
 * The bundled sample site: ten host names on one port, so that a crawl, and a whole network, can be shown without the internet.
 * Names are told apart by the Host header; whoever crawls it gives its `hosts` map to `openWeb`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { linker, siteAnswers } from './answers.ts'
import { hostName, siteHosts } from './hosts.ts'
import type { Answer } from './oddities.ts'

export interface SampleSiteOptions {
  /** 0: any free port. */
  port?: number
  /** Address to bind. */
  host?: string
  /** How long the slow page waits. */
  slowMs?: number
}

export interface LoggedRequest {
  host: string
  path: string
  status: number
  userAgent: string
  /** Unix milliseconds. */
  at: number
}

export interface SampleSite {
  port: number
  /** Where a crawl may begin: the front page of every open host. */
  urls: string[]
  /** Host name → address, for `openWeb({ hosts })`. */
  hosts: Record<string, string>
  /** What `openWeb({ allowPrivate })` needs to reach it. */
  allowPrivate: string[]
  /** Requests so far, oldest first; the last hundred thousand at most. */
  requests: LoggedRequest[]
  /** URL of `label:/path`. */
  url(target: string): string
  close(): Promise<void>
}

/** A site that runs for weeks keeps its last requests only. */
const MOST_LOGGED = 100_000

/** Starts the site; resolves once it listens. */
export async function serveSampleSite({ port = 0, host = '127.0.0.1', slowMs = 600 }: SampleSiteOptions = {}): Promise<SampleSite> {
  const requests: LoggedRequest[] = []
  const server = createServer({ keepAliveTimeout: 30_000 })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(port, host, () => listening())
  })
  const bound = server.address() as AddressInfo
  const answer = siteAnswers(bound.port, slowMs)
  server.on('request', (request, response) => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
    const made = answer(name, request.url ?? '/')
    const userAgent = request.headers['user-agent'] ?? ''
    if (requests.length >= MOST_LOGGED) requests.splice(0, MOST_LOGGED / 2)
    requests.push({ host: name, path: request.url ?? '/', status: made.status, userAgent, at: Date.now() })
    if (made.delayMs === undefined) send(request, response, made)
    else setTimeout(() => send(request, response, made), made.delayMs)
  })
  const address = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  const url = linker(bound.port, 'docs')
  return {
    port: bound.port,
    urls: siteHosts.filter(({ isOpen }) => isOpen).map(({ label }) => url(`${label}:/`)),
    hosts: Object.fromEntries(siteHosts.map(({ label }) => [hostName(label), address])),
    allowPrivate: [`${address.includes(':') ? `[${address}]` : address}:${bound.port}`],
    requests,
    url,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  response.writeHead(status, { ...headers, 'content-length': bytes.length })
  response.end(request.method === 'HEAD' ? undefined : bytes)
}
