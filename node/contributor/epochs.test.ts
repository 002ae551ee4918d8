/** What one epoch leaves for the next: within the charter's scope, and nothing of it lost. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { openWeb } from '../../core/web/index.ts'
import { testCharter } from '../../tests/support/charter.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { crawlGather, type Gathered, type GatherJob } from './index.ts'

const HOSTS = ['home', 'moved', 'foreign'] as const
type Host = (typeof HOSTS)[number]
/** Where a page leads: links, or a redirect, which may wait for something. */
type Page = Host[] | string[] | { to: string; after?: Promise<void> }

let base: string
const servers: Server[] = []
const hosts = {} as Record<Host, string>
let pages: Record<string, Page> = {}
let asked: string[] = []

/** `home:/a` as a URL. */
const urlOf = (name: string): string => name.replace(/^(\w+):/, (_, host: Host) => `http://${hosts[host]}`)
const nameOf = (url: string): string => HOSTS.reduce((text, host) => text.replace(`http://${hosts[host]}`, `${host}:`), url)

beforeAll(async () => {
  base = await mkdtemp(path.join(tmpdir(), 'quern-epochs-'))
  for (const host of HOSTS) {
    const server = createServer((request, response) => {
      const name = `${host}:${request.url}`
      const page = pages[name]
      if (!request.url?.endsWith('.txt') && !request.url?.endsWith('.json')) asked.push(name)
      if (page === undefined) return void response.writeHead(404).end()
      if (!Array.isArray(page))
        return void Promise.resolve(page.after).then(() => response.writeHead(302, { location: urlOf(page.to) }).end())
      response.writeHead(200, { 'content-type': 'text/html' })
      const links = page.map((link) => `<a href="${urlOf(link)}">a page about ${link}</a>`).join(' ')
      response.end(
        `<html lang="en"><title>${name}</title><h1>${name}</h1><p>${`Some plain words about ${name}. `.repeat(30)}</p>${links}</html>`,
      )
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    hosts[host] = `127.0.0.1:${(server.address() as AddressInfo).port}`
    servers.push(server)
  }
})
afterEach(() => void ((pages = {}), (asked = [])))
afterAll(async () => {
  for (const server of servers) await new Promise((closed) => server.close(closed))
  await rm(base, { recursive: true })
})

/** A contributor over its epochs: what one leaves is what the next is given. */
class Epochs {
  readonly #gather
  readonly #charter
  readonly #known = new Set<string>()
  #last: Pick<Gathered, 'frontier' | 'widenings'> = { frontier: [] }
  #epoch = 0

  constructor(seeds: string[], folder: string | undefined, frontier: string[] = []) {
    const allowPrivate = Object.values(hosts)
    this.#last = { frontier: frontier.map(urlOf) }
    this.#charter = testCharter({ sources: { seeds: seeds.map(urlOf), scope: 'host', delayMs: 0, allowPrivate } })
    this.#gather = crawlGather({
      clock: realClock,
      logger: silent,
      openWeb: () => openWeb({ clock: realClock, userAgent: 'QuernBot/1.0', allowPrivate }),
      agentToken: 'QuernBot',
      ...(folder === undefined ? {} : { folder: path.join(base, folder) }),
    })
  }

  /** The names of the pages gathered. */
  async next(change: Partial<GatherJob> = {}): Promise<string[]> {
    const never = new AbortController().signal
    const gathered = await this.#gather({
      epoch: ++this.#epoch,
      charter: this.#charter,
      mine: () => true,
      leased: () => true,
      share: () => ({ times: 1, place: 0 }),
      known: (url) => this.#known.has(url),
      ...this.#last,
      seal: async () => undefined,
      limit: 50,
      until: never,
      signal: never,
      ...change,
    })
    if (gathered.urls.length > 0) this.#last = gathered
    for (const url of gathered.urls) this.#known.add(url)
    return gathered.urls.map(nameOf)
  }

  get frontier(): string[] {
    return this.#last.frontier.map(nameOf)
  }
}

describe.each(['folder', undefined])('epochs (%s)', (kind) => {
  const folder = (name: string): string | undefined => kind && `${kind}-${name}`

  it('stay on the charter’s hosts, also where a page of an earlier epoch leads or redirects elsewhere', async () => {
    pages = {
      'home:/': ['home:/a', 'home:/away', 'foreign:/'],
      'home:/a': ['foreign:/a'],
      'home:/away': { to: 'foreign:/redirected' },
      'foreign:/': [],
      'foreign:/a': [],
      'foreign:/redirected': [],
    }
    const epochs = new Epochs(['home:/'], folder('scope'), ['foreign:/kept-by-an-older-version'])
    expect(await epochs.next({ limit: 1 })).toEqual(['home:/'])
    expect(epochs.frontier).toEqual(['home:/a', 'home:/away'])
    expect(await epochs.next()).toEqual(['home:/a'])
    await epochs.next()
    expect(asked.filter((name) => name.startsWith('foreign:'))).toEqual([])
    expect(asked).toContain('home:/away')
  })

  it('go on where a start page redirected, also when its own host is not ours any more', async () => {
    pages = {
      'home:/': { to: 'moved:/' },
      'moved:/': ['moved:/a', 'moved:/away', 'foreign:/'],
      'moved:/a': ['moved:/b', 'foreign:/a'],
      'moved:/b': [],
      'moved:/away': { to: 'foreign:/redirected' },
      'foreign:/': [],
    }
    const epochs = new Epochs(['home:/'], folder('moved'))
    expect(await epochs.next({ limit: 1 })).toEqual(['moved:/'])
    const leased = (url: string): boolean => !nameOf(url).startsWith('home:')
    expect(await epochs.next({ leased, limit: 1 })).toEqual(['moved:/a'])
    expect(await epochs.next({ leased })).toEqual(['moved:/b'])
    expect(asked.filter((name) => name.startsWith('foreign:'))).toEqual([])
  })

  it('keep what leads to where a start page redirected, also from a page that was gathered before that was known', async () => {
    const gathered = Promise.withResolvers<void>()
    pages = {
      'home:/': ['moved:/deep', 'http://elsewhere.example/'],
      'foreign:/go': { to: 'moved:/', after: gathered.promise },
      'moved:/': [],
      'moved:/deep': [],
    }
    const epochs = new Epochs(['home:/', 'foreign:/go'], folder('late'))
    const seal = async (): Promise<void> => gathered.resolve()
    const mine = (url: string): boolean => !url.endsWith('/deep')
    expect((await epochs.next({ seal, mine })).toSorted()).toEqual(['home:/', 'moved:/'])
    expect(epochs.frontier).toEqual(['moved:/deep'])
  })

  it('come back to what an epoch did not reach, also when its host was another’s meanwhile', async () => {
    // only the start page of `moved` names the lists, and it is not asked for its links again once it is known and its host not ours
    pages = {
      'home:/': ['home:/a'],
      'home:/a': [],
      'moved:/': ['moved:/list/1', 'moved:/list/2', 'moved:/gone'],
      'moved:/list/1': [],
      'moved:/list/2': [],
    }
    const epochs = new Epochs(['moved:/', 'home:/'], folder('carried'))
    const only = (host: Host) => ({ leased: (url: string): boolean => nameOf(url).startsWith(`${host}:`) })
    expect(await epochs.next({ limit: 1, ...only('moved') })).toEqual(['moved:/'])
    // the start pages lead nowhere any more
    pages['moved:/'] = []
    expect((await epochs.next(only('home'))).toSorted()).toEqual(['home:/', 'home:/a'])
    expect(epochs.frontier.toSorted()).toEqual(['moved:/gone', 'moved:/list/1', 'moved:/list/2'])
    expect(await epochs.next({ limit: 1, ...only('moved') })).toEqual(['moved:/list/1'])
    expect(epochs.frontier).toContain('moved:/list/2')
    expect(await epochs.next(only('moved'))).toEqual(['moved:/list/2'])
    // what ended without a record is not carried on for ever
    expect(epochs.frontier).toEqual([])
    expect(asked.filter((name) => name === 'moved:/gone')).toHaveLength(1)
  })
})
