/** A site's owner opts out while two contributors crawl the site: both stop, the other site goes on, and the release holds nothing of it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openApi, logger } from '../../cli/wiring/index.ts'
import { startTestNetwork, type TestNetwork } from '../support/local-network.ts'
import { eventually, realClock } from '../support/real-clock.ts'
import { runCli } from '../support/run-cli.ts'

const PAGES = 160
const DELAY_MS = 150
const PATIENCE_MS = 200_000
const HOSTS = { 'stays.test': '127.0.0.1', 'leaves.test': '127.0.0.1' }

/** Page requests by host name, in order. */
const asked: Record<string, string[]> = { 'stays.test': [], 'leaves.test': [] }
/** Everything that the site that leaves was asked for. */
const atLeaver: string[] = []
let hasOptedOut = false
let port = 0
let network: TestNetwork
let stack: AsyncDisposableStack

const words = (seed: number): string => Array.from({ length: 90 }, (_, i) => `w${(seed * 7919 + i * 104_729) % 9973}`).join(' ')

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const server = createServer((request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '')
    if (host === 'leaves.test') atLeaver.push(request.url ?? '')
    const at = /^\/(\d*)$/.exec(request.url ?? '')
    if (request.url === '/.well-known/quern.txt' && host === 'leaves.test' && hasOptedOut) return void response.end('opt-out: /\n')
    if (at === null) return void response.writeHead(404).end()
    asked[host]?.push(request.url ?? '')
    const page = Number(at[1])
    const links = Array.from({ length: 6 }, (_, i) => `<a href="/${(page * 6 + i + 1) % PAGES}">next</a>`).join(' ')
    response.setHeader('content-type', 'text/html; charset=utf-8')
    response.end(`<!doctype html><html lang="en"><title>${host} ${page}</title><article><h1>Page ${page} of ${host}</h1>
      <p>The mill of ${host} says ${words(page + host.length * 1000)} and nothing more.</p>${links}</article></html>`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(async () => {
    server.closeAllConnections()
    server.close()
  })
  port = (server.address() as AddressInfo).port
  network = stack.use(
    await startTestNetwork({
      seeds: Object.keys(HOSTS).map((host) => `http://${host}:${port}/`),
      allowPrivate: [`127.0.0.0/8:${port}`],
      hosts: HOSTS,
      contributors: 2,
      delayMs: DELAY_MS,
    }),
  )
}, PATIENCE_MS)
afterAll(() => stack.disposeAsync(), PATIENCE_MS)

it(
  'stops both as soon as the log says so, and is in no release',
  async () => {
    const api = stack.use(
      await openApi(network.dao, { address: '127.0.0.1:0', web: { allowPrivate: [], hosts: HOSTS } }, await logger('error')),
    )
    const optOut = (): ReturnType<typeof runCli> => runCli('opt-out', `leaves.test:${port}`, '--dao', api.url)
    await eventually(() => (asked['leaves.test']?.length ?? 0) >= 6, realClock, PATIENCE_MS)

    const early = await optOut()
    expect([early.code, early.err]).toEqual([3, expect.stringMatching(/NOT_PROVEN/) as string])
    hasOptedOut = true
    // the desk looks at a domain once in ten seconds
    await eventually(async () => (await optOut()).code === 0, realClock, PATIENCE_MS)

    // what SITE-OWNERS.md says is two seconds, and one more: told by the pace at the other site, which a busy machine slows as well
    const atStayer = (): number => asked['stays.test']?.length ?? 0
    const since = atStayer()
    const know = (): boolean => network.contributors.every(({ contributor }) => contributor.state.optouts.length > 0)
    await eventually(know, realClock, PATIENCE_MS)
    expect(atStayer() - since).toBeLessThanOrEqual(3000 / DELAY_MS)
    const before = atLeaver.length
    const [then, others] = [asked['leaves.test']?.length ?? 0, asked['stays.test']?.length ?? 0]
    expect(then).toBeLessThan(PAGES)
    await eventually(() => (asked['stays.test']?.length ?? 0) >= Math.min(PAGES, others + 6), realClock, PATIENCE_MS)
    // what was under way when the news came may end: one request a contributor
    expect((asked['leaves.test']?.length ?? 0) - then).toBeLessThanOrEqual(2)

    const { operator } = network.dao
    const state = await operator.until((now) => (now.releases.length > 0 ? now : undefined), AbortSignal.timeout(PATIENCE_MS))
    // nobody asked it for anything more, not even to test what was gathered before
    expect(atLeaver.slice(before).filter((url) => url !== '/.well-known/quern.txt').length).toBeLessThanOrEqual(2)
    expect(state.optouts).toMatchObject([{ domain: `leaves.test:${port}`, pattern: null }])
    const folder = path.join(network.home, 'dao', 'releases')
    const [release] = await readdir(folder)
    const manifest = JSON.parse(await readFile(path.join(folder, release as string, 'manifest.json'), 'utf8')) as {
      hosts: { host: string }[]
    }
    expect(manifest.hosts.map(({ host }) => host)).toEqual([`stays.test:${port}`])
  },
  PATIENCE_MS * 2,
)
