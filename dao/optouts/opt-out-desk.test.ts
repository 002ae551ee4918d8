import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { openWeb, txtResolver } from '../../core/web/index.ts'
import { parseFetchGroup } from '../../schemas/evidence/index.ts'
import type { Payload } from '../../schemas/wire/index.ts'
import { type DnsServer, startDns } from '../../tests/support/dns-server.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import type { LedgerState } from '../ledger/index.ts'
import { OptOutDesk } from './opt-out-desk.ts'

/** What the sites' servers answer by host name and path; absent: 404. */
let pages: Record<string, { status?: number; body?: string; headers?: Record<string, string> }>
let asked: string[]
let port: number
let logged: Payload<'optout'>[]
let now: number
let stack: AsyncDisposableStack
let dns: DnsServer
let desk: OptOutDesk
let storage: MemoryStorage

const HOSTS = { 'blog.example': '127.0.0.1', 'elsewhere.example': '127.0.0.1', 'dns.example': '127.0.0.1' }

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  pages = {}
  asked = []
  logged = []
  now = 1_700_000_000_000
  const server = createServer((request, response) => {
    const key = `${request.headers.host?.replace(/:\d+$/, '')}${request.url}`
    asked.push(key)
    const { status = 200, body = '', headers = {} } = pages[key] ?? { status: 404 }
    response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  dns = stack.use(await startDns({ '_quern.dns.example': ['v=spf1 -all', 'opt-out: /'], '_quern.blog.example': ['hello'] }))
  const web = stack.use(
    await openWeb({ clock: realClock, userAgent: 'Quern-test/1 (+mailto:t@example.org)', allowPrivate: ['127.0.0.0/8'], hosts: HOSTS }),
  )
  storage = new MemoryStorage()
  desk = new OptOutDesk({
    state: () =>
      ({
        optouts: logged.map((one, index) => ({ index, ...one })),
        charter: { sources: { seeds: ['blog.example', 'dns.example', '10.0.0.1'].map((host) => `http://${host}:${port}/`) } },
        batches: new Map(),
      }) as unknown as LedgerState,
    write: async (_t, p) => void logged.push(p),
    storage,
    look: async () => ({ web, resolveTxt: txtResolver({ servers: [dns.address] }) }),
    clock: { ...realClock, now: () => now },
    logger: silent,
    signal: new AbortController().signal,
  })
})
afterEach(() => stack.disposeAsync())

const later = (): void => void (now += 60_000)

describe('the opt-out desk', () => {
  it('logs what the file at the domain says, keeps the fetch as evidence, and says nothing twice', async () => {
    pages['blog.example/.well-known/quern.txt'] = { body: 'opt-out: /diary/\nopt-out: /*.pdf$\n' }
    const answer = await desk.ask(`BLOG.example:${port}`)
    expect(answer).toMatchObject({ status: 'opted-out', patterns: ['/diary/', '/*.pdf$'], logged: 2 })
    expect(logged).toMatchObject([
      { domain: `blog.example:${port}`, pattern: '/diary/' },
      { domain: `blog.example:${port}`, pattern: '/*.pdf$' },
    ])
    const { evidence } = logged[0] as Payload<'optout'>
    expect(await storage.public.isPinned(evidence)).toBe(true)
    const { exchange } = parseFetchGroup((await storage.public.get(evidence)) as Uint8Array)
    expect(exchange).toMatchObject({ url: `http://blog.example:${port}/.well-known/quern.txt`, status: 200 })
    later()
    expect(await desk.ask(`blog.example:${port}`)).toMatchObject({ status: 'opted-out', logged: 0 })
    pages['blog.example/.well-known/quern.txt'] = { body: 'opt-out: /' }
    later()
    expect(await desk.ask(`blog.example:${port}`)).toMatchObject({ patterns: [null], logged: 1 })
    expect(logged).toHaveLength(3)
  })

  it('takes a TXT record of the domain where no file says so', async () => {
    expect(await desk.ask(`dns.example:${port}`)).toMatchObject({ status: 'opted-out', where: 'TXT _quern.dns.example', patterns: [null] })
    const bytes = await storage.public.get((logged[0] as Payload<'optout'>).evidence)
    expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({
      name: '_quern.dns.example',
      records: ['v=spf1 -all', 'opt-out: /'],
    })
  })

  it('believes no redirect, no other answer, and no word of whoever asks; it says where it looked', async () => {
    pages['elsewhere.example/.well-known/quern.txt'] = { body: 'opt-out: /' }
    pages['blog.example/.well-known/quern.txt'] = {
      status: 302,
      headers: { location: `http://elsewhere.example:${port}/.well-known/quern.txt` },
    }
    expect(await desk.ask(`blog.example:${port}`)).toEqual({
      status: 'not-proven',
      domain: `blog.example:${port}`,
      tried: [
        { where: `https://blog.example:${port}/.well-known/quern.txt`, outcome: expect.any(String) },
        { where: `http://blog.example:${port}/.well-known/quern.txt`, outcome: 'HTTP_302' },
        { where: 'TXT _quern.blog.example', outcome: 'NO_OPT_OUT' },
      ],
    })
    expect(asked.some((one) => one.startsWith('elsewhere.example'))).toBe(false)
    expect(logged).toEqual([])
    later()
    pages['blog.example/.well-known/quern.txt'] = { body: 'opt-out: /'.padEnd(100_000, 'x') }
    expect(await desk.ask(`blog.example:${port}`)).toMatchObject({ status: 'not-proven' })
  })

  it('asks nobody inside: addresses that the guard refuses stay unasked', async () => {
    expect(await desk.ask(`10.0.0.1:${port}`)).toMatchObject({
      status: 'not-proven',
      tried: [{ outcome: 'ADDRESS_NOT_ALLOWED' }, { outcome: 'ADDRESS_NOT_ALLOWED' }, {}],
    })
  })

  it('looks at no address and no port that the ledger has nothing to do with', async () => {
    for (const stranger of ['10.0.0.2', '127.0.0.1', `127.0.0.1:${port}`, '[::1]', `blog.example:${port + 1}`])
      await expect(desk.ask(stranger), stranger).rejects.toMatchObject({ code: 'UNKNOWN_HOST' })
    expect(asked).toEqual([])
  })

  it('takes too many wishes for one: everything', async () => {
    pages['blog.example/.well-known/quern.txt'] = { body: Array.from({ length: 65 }, (_, i) => `opt-out: /${i}/`).join('\n') }
    expect(await desk.ask(`blog.example:${port}`)).toMatchObject({ status: 'opted-out', logged: 1 })
    expect(logged).toMatchObject([{ pattern: null }])
  })

  it('looks at a domain once at a time and not again at once, whoever asks', async () => {
    pages['blog.example/.well-known/quern.txt'] = { body: 'opt-out: /' }
    const both = await Promise.all([desk.ask(`blog.example:${port}`), desk.ask(`blog.example:${port}`)])
    expect(both[0]).toBe(both[1])
    expect(logged).toHaveLength(1)
    await expect(desk.ask(`blog.example:${port}`)).rejects.toMatchObject({ code: 'TOO_SOON' })
    await expect(desk.ask('co.uk')).rejects.toMatchObject({ code: 'BAD_DOMAIN' })
  })
})
