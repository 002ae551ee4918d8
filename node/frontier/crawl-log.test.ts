import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CrawlLog, type FileCheck, Frontier, SeenSet } from './index.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-log-'))
  file = path.join(folder, 'frontier.log')
})
afterEach(() => rm(folder, { recursive: true }))

const seeds = ['http://a.example/']
const from = { depth: 1, via: 'http://a.example/' }
const believe: FileCheck = () => true
const commit = (log: CrawlLog, length = 0): Promise<void> =>
  log.write(log.cut({ lengths: [length], checks: [length], summary: { length } }))

/** Three groups: the seed and two links; one page fetched and one refused; a link of a page that was never finished. */
async function writeSample(): Promise<void> {
  const log = await CrawlLog.create(file, { seeds })
  const frontier = new Frontier({ seeds, book: log })
  frontier.offer('/b', from)
  frontier.offer('/c', from)
  await commit(log, 1)
  const first = frontier.next('a.example')
  log.kept(first?.ref ?? -1, 5, { some: 'facts' })
  log.done(frontier.next('a.example')?.ref ?? -1, false, 6)
  await commit(log, 2)
  frontier.next('a.example')
  frontier.offer('/d', { depth: 2, via: 'http://a.example/c' })
  await commit(log, 3)
  await log.close()
}

async function resumed(check: FileCheck = believe) {
  const found = await CrawlLog.resume(file, check)
  if (found === undefined) return undefined
  const frontier = new Frontier({ seeds, book: found.log, remembered: found.log.remembered() })
  return { ...found, frontier }
}

describe('a crawl log', () => {
  it('gives the frontier back: what ended stays ended, what was under way waits again', async () => {
    await writeSample()
    const again = await resumed()
    expect(again?.state).toEqual({ settings: { seeds }, commit: { lengths: [3], checks: [3], summary: { length: 3 } }, hasEnded: false })
    expect(again?.frontier.size).toEqual({ queued: 2, seen: 4, taken: 1 })
    for (const known of ['/', '/b', '/c', '/d']) expect(again?.frontier.offer(known, from)).toBe('known')
    expect([again?.frontier.next('a.example')?.url, again?.frontier.next('a.example')?.url]).toEqual([
      'http://a.example/c',
      'http://a.example/d',
    ])
    expect([...(again?.log.keptLines() ?? [])]).toEqual([{ ref: expect.any(Number), time: 5, facts: { some: 'facts' }, url: seeds[0] }])
    await again?.log.close()
  })

  it('cut anywhere, or damaged anywhere, is the log of one of its commits', async () => {
    await writeSample()
    const whole = await readFile(file)
    const sizes = new Set<number | undefined>()
    for (let cut = 0; cut <= whole.length; cut++) {
      const damaged = Buffer.from(whole)
      if (cut < whole.length) damaged[cut] = (damaged[cut] as number) ^ 1
      for (const bytes of [whole.subarray(0, cut), damaged]) {
        await writeFile(file, bytes)
        const again = await resumed()
        sizes.add(again?.state.commit.lengths[0])
        expect([3, 4]).toContain(again?.frontier.size.seen ?? 3)
        await again?.log.close()
      }
    }
    expect(sizes).toEqual(new Set([undefined, 1, 2, 3]))
  })

  it('goes back to the last commit whose files hold what it says, and believes what was synced', async () => {
    await writeSample()
    const asked: number[][] = []
    const doubts = await resumed((...all) => asked.push(all) > 0 && all[2] < 3)
    expect(doubts?.state.commit.lengths).toEqual([2])
    expect(asked).toEqual([
      [0, 0, 1, 1],
      [0, 1, 2, 2],
      [0, 2, 3, 3],
    ])
    doubts?.log.synced()
    if (doubts) await commit(doubts.log, 7)
    await doubts?.log.close()
    const asked2: number[] = []
    const sure = await resumed((_file, _from, to) => asked2.push(to) > 0)
    expect([sure?.state.commit.lengths, asked2]).toEqual([[7], [7]])
    await sure?.log.close()
  })

  it('is no log where a file is something else', async () => {
    for (const text of ['', 'hello\n', '{"a":1}\n', `00000000 ["q",1,{}]\n`]) {
      await writeFile(file, text)
      expect(await CrawlLog.resume(file, believe)).toBeUndefined()
    }
  })

  it('reads items back from the disk, from what is being written and from what waits', async () => {
    const log = await CrawlLog.create(file, {})
    const frontier = new Frontier({ seeds, book: log, limits: { queued: 1e6, queuedPerHost: 1e6 }, traps: { numbered: 1e6 } })
    const long = `/${'x'.repeat(1900)}?${'y'.repeat(40)}`
    frontier.offer(long, { depth: 1, via: `http://a.example/${'z'.repeat(6000)}` })
    for (let i = 0; i < 500; i++) frontier.offer(`/p${i}`, from)
    const writing = commit(log)
    for (let i = 500; i < 1000; i++) frontier.offer(`/p${i}`, from)
    const urls = Array.from({ length: 300 }, () => frontier.next('a.example')?.url)
    await writing
    for (let item = frontier.next('a.example'); item !== undefined; item = frontier.next('a.example')) urls.push(item.url)
    expect(urls).toEqual(['/', long, ...Array.from({ length: 1000 }, (_, i) => `/p${i}`)].map((place) => `http://a.example${place}`))
    await log.close()
  })

  it('remembers that a host was given up', async () => {
    const log = await CrawlLog.create(file, {})
    const frontier = new Frontier({ seeds, book: log })
    frontier.offer('/b', from)
    frontier.drop('a.example')
    log.dropped('a.example')
    expect([frontier.offer('/later', from), frontier.next('a.example')]).toEqual(['gone', undefined])
    await commit(log)
    await log.close()
    const again = await resumed()
    expect([again?.frontier.offer('/later', from), again?.frontier.next('a.example')]).toEqual(['gone', undefined])
    await again?.log.close()
  })
})

it('SeenSet tells new from known at every size', () => {
  const seen = new SeenSet()
  for (let i = 0; i < 20_000; i++) expect(seen.add(`http://a.example/${i}`)).toBe(true)
  for (let i = 0; i < 20_000; i++) expect([seen.has(`http://a.example/${i}`), seen.add(`http://a.example/${i}`)]).toEqual([true, false])
  expect([seen.size, seen.has('http://a.example/x'), seen.addNumber(0), seen.addNumber(0)]).toEqual([20_000, false, true, false])
})
