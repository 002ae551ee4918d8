import { expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { RetryableError } from '../../core/errors/index.ts'
import type { Web } from '../../core/web/index.ts'
import type { Exchange } from '../../schemas/evidence/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { HostTurns, PoliteWeb, type PoliteWebOptions } from '../manners/index.ts'
import { recheckHosts } from './recheck-hosts.ts'
import type { Reservation } from './reservations.ts'

/** A web of some files: everything else is 404, and a host that is not named does not answer. */
function webOf(files: Record<string, string | number>, asked: string[], retryAfter = '1'): Web {
  const hosts = new Set(Object.keys(files).map((url) => new URL(url).origin))
  return {
    async get(url) {
      asked.push(url)
      if (!hosts.has(new URL(url).origin)) throw new RetryableError('CONNECT', 'nobody there')
      const file = files[url] ?? 404
      const status = typeof file === 'number' ? file : 200
      const body = typeof file === 'number' ? new Uint8Array() : utf8(file)
      const head = `HTTP/1.1 ${status} X\r\nContent-Type: text/plain\r\nContent-Length: ${body.byteLength}\r\n\r\n`
      const exchange: Exchange = {
        url,
        fetchedAt: 1_700_000_000_000,
        remoteAddress: '192.0.2.1',
        requestHead: utf8(`GET ${new URL(url).pathname} HTTP/1.1\r\nHost: x\r\nUser-Agent: QuernBot/1\r\n\r\n`),
        responseHead: utf8(head),
        status,
        headers: [
          ['Content-Type', 'text/plain'],
          ['Content-Length', String(body.byteLength)],
          ['Retry-After', retryAfter],
        ],
        body,
        truncated: false,
      }
      return exchange
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}

const politely = (web: Web, signal: AbortSignal, closed?: PoliteWebOptions['closed']): PoliteWeb =>
  new PoliteWeb({ web, turns: new HostTurns(realClock, signal), clock: realClock, delayMs: 0, ...(closed && { closed }) })

async function recheck(
  hosts: string[],
  files: Record<string, string | number>,
  { closed, retryAfter }: { closed?: PoliteWebOptions['closed']; retryAfter?: string } = {},
) {
  const asked: string[] = []
  const found: Reservation[] = []
  const { signal } = new AbortController()
  await recheckHosts(
    hosts,
    {
      web: politely(webOf(files, asked, retryAfter), signal, closed),
      clock: realClock,
      agent: 'QuernBot',
      profile: 'standard' as const,
      logger: silent,
      signal,
    },
    async (one) => void found.push(one),
  )
  return { asked, found: Object.fromEntries(found.map(({ host, patterns }) => [host, patterns])), all: found }
}

it('finds what rules and owners reserve now, and nothing where nothing is said', async () => {
  const { found, all } = await recheck(['a.example', 'b.example', 'c.example', 'd.example', 'e.example:8080'], {
    'https://a.example/robots.txt': 'User-Agent: *\nContent-Usage: train-ai=n\nAllow: /\n',
    'https://b.example/robots.txt': 404,
    'https://b.example/.well-known/tdmrep.json': '[{"location":"/x/","tdm-reservation":1}]',
    'https://b.example/.well-known/quern.txt': 'opt-out: /y/',
    'https://c.example/robots.txt': 'User-Agent: *\nAllow: /\n',
    'http://e.example:8080/.well-known/quern.txt': 'opt-out: /',
  })
  expect(found).toEqual({ 'a.example': [null], 'b.example': ['/y/', '/x/'], 'e.example:8080': [null] })
  for (const { evidence, at } of all) {
    expect([...evidence.subarray(0, 2)]).toEqual([0x1f, 0x8b])
    expect(at).toBe(1_700_000_000)
  }
})

it('takes no failing server for an opt-out, and asks nothing that robots.txt closes', async () => {
  const { found, asked } = await recheck(['down.example', 'closed.example'], {
    'https://down.example/robots.txt': 503,
    'https://closed.example/robots.txt': 'User-Agent: *\nDisallow: /\n',
    'https://closed.example/.well-known/quern.txt': 'opt-out: /',
  })
  expect(found).toEqual({})
  expect(asked.toSorted()).toEqual(['https://closed.example/robots.txt', 'https://down.example/robots.txt'])
})

it('hears what a host says in the file in which it asks for more patience than anybody has, and asks nothing more', async () => {
  const { found, asked, all } = await recheck(['a.example', 'b.example'], {
    'https://a.example/robots.txt': 'User-Agent: *\nCrawl-delay: 61\nContent-Usage: train-ai=n\nAllow: /\n',
    'https://b.example/robots.txt': 'User-Agent: *\nCrawl-delay: 61\n',
  })
  expect(found).toEqual({ 'a.example': [null] })
  expect(all[0]?.evidence.byteLength).toBeGreaterThan(0)
  expect(asked.toSorted()).toEqual(['https://a.example/robots.txt', 'https://b.example/robots.txt'])
})

it('hears what a host said before it asked for a long rest', async () => {
  const robots = { 'https://a.example/robots.txt': 'User-Agent: *\nContent-Usage: train-ai=n\nAllow: /\n' }
  const { found, asked } = await recheck(
    ['a.example'],
    { ...robots, 'https://a.example/.well-known/tdmrep.json': 429 },
    { retryAfter: '300' },
  )
  expect(found).toEqual({ 'a.example': [null] })
  expect(asked).toHaveLength(2)
})

it('asks for all rule files where paths opted out that their names match', async () => {
  const { found } = await recheck(
    ['a.example'],
    { 'https://a.example/robots.txt': 404, 'https://a.example/.well-known/quern.txt': 'opt-out: /' },
    { closed: async (_, what) => (what === 'page' ? 'a.example' : undefined) },
  )
  expect(found).toEqual({ 'a.example': [null] })
})

it('ends with the reason of its signal', async () => {
  const stop = new AbortController()
  const web: Web = {
    get: async () => {
      stop.abort(new Error('enough'))
      throw new RetryableError('CONNECT', 'gone')
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
  const options = {
    web: politely(web, stop.signal),
    clock: realClock,
    agent: 'QuernBot',
    profile: 'standard' as const,
    logger: silent,
    signal: stop.signal,
  }
  await expect(recheckHosts(['a.example'], options, async () => undefined)).rejects.toThrow('enough')
})
