import { expect, it } from 'vitest'
import { RetryableError } from '../../core/errors/index.ts'
import { SimSite, SimWeb } from '../../sim/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { longestWish } from './seed-wish.ts'

const WISHES: Record<string, string> = {
  a: 'User-agent: *\nCrawl-delay: 2\n',
  b: 'User-agent: QuernBot\nCrawl-delay: 7\n',
  c: 'Crawl-delay: 9',
  d: 'User-agent: *\nCrawl-delay: 61\n',
}

it('finds the longest pause that a start page’s host asks for, asking each host once', async () => {
  const { clock } = new World({ seed: 1 })
  const web = new SimWeb({
    clock,
    site: new SimSite({ seed: 1, hosts: 0 }),
    latencyMs: [0, 0],
    override: ({ hostname }) => ({ body: WISHES[hostname[0] as string] ?? '' }),
  })
  const { signal } = new AbortController()
  const ask = (...seeds: string[]): Promise<number> => longestWish(seeds, { web: web.view('up'), agent: 'QuernBot', clock, signal })
  expect(await ask('http://a.example/1', 'http://a.example/2', 'http://b.example/')).toBe(7000)
  expect(web.requests.map(({ url }) => url)).toEqual(['http://a.example/robots.txt', 'http://b.example/robots.txt'])
  expect(await ask('http://c.example/', 'http://d.example/')).toBe(0)
  const silent = { get: () => Promise.reject(new RetryableError('CONNECT', 'nobody there')) }
  expect(await longestWish(['http://a.example/'], { web: silent, agent: 'QuernBot', clock, signal })).toBe(0)
})
