import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realClock } from '../../tests/support/real-clock.ts'
import { codeOf } from '../errors/index.ts'
import { openWeb, type Web } from './index.ts'
import { parseProxy } from './proxy.ts'

let site: Server
let proxy: Server
let asked: { target: string | undefined; authorization: string | undefined }[] = []
let answer: 'tunnel' | 'refuse' | 'hang up' | 'flood' = 'tunnel'
const portOf = (server: Server): number => (server.address() as AddressInfo).port
const listening = (server: Server): Promise<void> => new Promise((done) => server.listen(0, '127.0.0.1', done))

beforeAll(async () => {
  site = createServer((request, response) => response.end(`you asked ${request.headers.host} for ${request.url}`))
  proxy = createServer()
  proxy.on('connect', (request, client) => {
    asked.push({ target: request.url, authorization: request.headers['proxy-authorization'] })
    client.on('error', () => {})
    if (answer === 'refuse') return client.end('HTTP/1.1 403 No\r\n\r\n')
    if (answer === 'hang up') return client.destroy()
    if (answer === 'flood') return client.end(`HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(10_000)}`)
    const upstream = connect(portOf(site), '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    upstream.on('error', () => client.destroy())
    upstream.pipe(client)
    client.pipe(upstream)
  })
  await Promise.all([listening(site), listening(proxy)])
})
afterAll(async () => {
  await Promise.all([site, proxy].map((server) => (server.closeAllConnections(), new Promise((closed) => server.close(closed)))))
})

/** The name resolves to a public address of documentation, which nothing answers at: only the proxy can. */
const open = (hosts: Record<string, string>, allowPrivate: string[] = []): Promise<Web> =>
  openWeb({ clock: realClock, userAgent: 'Quern/0.1', hosts, allowPrivate, proxy: `http://me:s%20t@127.0.0.1:${portOf(proxy)}` })

describe('a proxy', () => {
  it('is told the checked address and never the name, also for plain http', async () => {
    answer = 'tunnel'
    asked = []
    await using web = await open({ 'site.example': '9.9.9.9' })
    const { body, remoteAddress } = await web.get('http://site.example/page')
    expect(new TextDecoder().decode(body)).toBe('you asked site.example for /page')
    expect(remoteAddress).toBe('9.9.9.9')
    await web.get('http://site.example/again')
    expect(asked).toEqual([{ target: '9.9.9.9:80', authorization: `Basic ${Buffer.from('me:s t').toString('base64')}` }])
  })

  it('is not even asked for what the guard refuses', async () => {
    asked = []
    await using web = await open({ 'inside.example': '10.0.0.1' })
    for (const url of ['http://inside.example/', 'http://127.0.0.1/', 'http://[::1]/', 'http://2130706433/'])
      expect(await web.get(url).catch(codeOf)).toBe('ADDRESS_NOT_ALLOWED')
    expect(asked).toEqual([])
  })

  it('that refuses, hangs up or floods is an error with a code', async () => {
    await using web = await open({ 'site.example': '9.9.9.9' })
    const codes: unknown[] = []
    for (const kind of ['refuse', 'hang up', 'flood'] as const) {
      answer = kind
      codes.push(await web.get('http://site.example/').catch(codeOf))
    }
    expect(codes).toEqual(['PROXY_REFUSED', 'PROXY', 'PROXY_REFUSED'])
  })

  it('is an http URL and nothing else, and its password stays out of messages', () => {
    expect(parseProxy('http://[::1]:3128/')).toEqual({ host: '::1', port: 3128, authorization: undefined })
    for (const bad of ['https://p.example:1', 'socks5://p.example', 'p.example:3128', 'http://u:secret@p.example/path', ''])
      expect(() => parseProxy(bad)).toThrow(expect.objectContaining({ code: 'BAD_PROXY', message: expect.not.stringContaining('secret') }))
  })
})
