/** Two contributors of one network share a host: by the site's own log, they are together no faster than the one crawler the charter allows. */
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestNetwork } from '../support/local-network.ts'
import { eventually, realClock } from '../support/real-clock.ts'

const DELAY_MS = 120
/** Asked for while both still gather: no validator has a page of theirs to look at yet. */
const ENOUGH = 40
const PAGES = 400
const PATIENCE_MS = 120_000
/** A timer may ring this much early, by another clock than the one it was set by. */
const TIMER_MS = 3

/** Every request to the host, whatever it is for, in the order they came; the connection tells who asks. */
const asked: { at: number; who: Socket; url: string }[] = []
let stack: AsyncDisposableStack

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  const server = createServer((request, response) => {
    asked.push({ at: performance.now(), who: request.socket, url: request.url ?? '' })
    answer(request.url ?? '', response)
  })
  // a crawler keeps its connection, so that it stays one asker
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(async () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  stack.use(
    await startTestNetwork({
      seeds: [`http://shared.test:${port}/`],
      allowPrivate: [`127.0.0.0/8:${port}`],
      hosts: { 'shared.test': '127.0.0.1' },
      contributors: 2,
      maxPages: PAGES,
      delayMs: DELAY_MS,
    }),
  )
}, PATIENCE_MS)
afterAll(() => stack.disposeAsync(), PATIENCE_MS)

function answer(url: string, response: ServerResponse): void {
  const page = /^\/(\d*)$/.exec(url)?.[1]
  if (page === undefined) return void response.writeHead(404).end()
  const number = Number(page)
  const words = Array.from({ length: 60 }, (_, i) => `w${(number * 7919 + i * 104_729) % 9973}`).join(' ')
  const links = Array.from({ length: 8 }, (_, i) => `<a href="/${(number * 8 + i + 1) % PAGES}">next</a>`).join(' ')
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(`<!doctype html><title>Page ${number}</title><article><p>The mill says ${words} and nothing more.</p>${links}</article>`)
}

it(
  'lets no more than two requests into the time of two',
  async () => {
    await eventually(() => asked.length >= ENOUGH && new Set(asked.map(({ who }) => who)).size >= 2, realClock, PATIENCE_MS)
    const log = asked.slice()
    const askers = new Set(log.map(({ who }) => who))
    // both crawl, each a share of the pages
    expect(askers.size).toBe(2)
    for (const one of askers) expect(log.filter(({ who, url }) => who === one && /^\/\d*$/.test(url)).length).toBeGreaterThan(ENOUGH / 8)
    // each is half as fast as it might be alone…
    for (const one of askers)
      expect(
        least(
          log.filter(({ who }) => who === one).map(({ at }) => at),
          1,
        ),
      ).toBeGreaterThan(2 * DELAY_MS - TIMER_MS)
    // …so that any third request comes two delays after the first, whoever asks
    expect(
      least(
        log.map(({ at }) => at),
        2,
      ),
    ).toBeGreaterThan(2 * DELAY_MS - TIMER_MS)
  },
  PATIENCE_MS * 2,
)

/** The least time between a request and the one that is so many later. */
const least = (times: number[], later: number): number => Math.min(...times.slice(later).map((at, i) => at - (times[i] as number)))
