import { describe, expect, it } from 'vitest'
import type { PaceShare } from '../../dao/ledger/index.ts'
import { type Exchange, requestHead, responseHead } from '../../schemas/evidence/index.ts'
import { noRules } from '../../schemas/permission/index.ts'
import { CURRENT_PIPELINE } from '../../schemas/pipeline/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import { retryAfterMs } from '../../core/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { Channel } from './channel.ts'
import { journalLine } from './journal.ts'
import { HostPace, paceDefaults } from './pace.ts'
import { workPage } from './page-work.ts'

describe('journalLine', () => {
  const row = { time: 0, url: 'http://a.example/', host: 'a.example', status: 200, outcome: 'KEPT', bytes: 1, ms: 2, depth: 0 }

  it('is one line of JSON that no terminal or editor obeys', () => {
    const detail = 'title \u001b[2J\u0007 \u009b31m \u202eexe.txt \u2028 \ufeff \u0085 end \ud83d\ude00 \ud800'
    const line = journalLine({ ...row, detail })
    expect(line).toMatch(/^[\x20-\x7e]+$/)
    expect((JSON.parse(line) as { detail: string }).detail).toBe(detail)
  })

  it('cuts long details and leaves absent ones out', () => {
    expect(journalLine({ ...row, detail: 'x'.repeat(10_000) }).length).toBeLessThan(500)
    expect(JSON.parse(journalLine(row))).not.toHaveProperty('detail')
    expect(JSON.parse(journalLine(row))).toMatchObject({ time: '1970-01-01T00:00:00.000Z', url: 'http://a.example/', outcome: 'KEPT' })
  })
})

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 2, 1, 12, 0, 0)
  it('reads seconds and HTTP dates, and nothing else', () => {
    expect(retryAfterMs('120', now)).toBe(120_000)
    expect(retryAfterMs(' 0 ', now)).toBe(0)
    expect(retryAfterMs('Sun, 01 Mar 2026 12:01:00 GMT', now)).toBe(60_000)
    expect(retryAfterMs('Sun, 01 Mar 2020 12:01:00 GMT', now)).toBe(0)
    for (const text of [undefined, '', 'soon', '-5', '1.5', '99999999999', '2026-03-01'])
      expect(retryAfterMs(text, now), text).toBeUndefined()
  })
})

describe('HostPace', () => {
  const pauseAfter = async (options: Partial<typeof paceDefaults>, use: (pace: HostPace) => void, share?: PaceShare): Promise<number> => {
    const world = new World({ seed: 1 })
    const pace = new HostPace({ clock: world.clock, pace: { ...paceDefaults, ...options }, share: share && (() => share) })
    use(pace)
    const turn = pace.turn(new AbortController().signal)
    await world.run()
    await turn
    return world.ageMs
  }

  it('takes the longest of the configured delay, the host’s wish and the slow answer', async () => {
    expect(await pauseAfter({}, (pace) => pace.done(10))).toBe(1000)
    expect(await pauseAfter({}, (pace) => pace.done(900))).toBe(4500)
    expect(await pauseAfter({}, (pace) => pace.done(50_000))).toBe(30_000)
    expect(
      await pauseAfter({}, (pace) => {
        pace.wish(7000)
        pace.done(10)
      }),
    ).toBe(7000)
  })

  it('divides a host’s pace among those who share it, and takes its own least pause as it is', async () => {
    const done = (pace: HostPace): void => pace.done(10)
    const rest = (pace: HostPace): void => pace.rest()
    expect(await pauseAfter({}, done, { times: 3, place: 1 })).toBe(3000)
    expect(await pauseAfter({ leastMs: 2000 }, done, { times: 3, place: 1 })).toBe(3000)
    expect(await pauseAfter({ leastMs: 5000 }, done, { times: 3, place: 1 })).toBe(5000)
    expect(await pauseAfter({}, rest, { times: 3, place: 1 })).toBe(2000)
    expect(await pauseAfter({ leastMs: 5000 }, rest, { times: 3, place: 1 })).toBe(5000)
  })

  it('follows who shares the host, and waits no longer than a timer can', async () => {
    const world = new World({ seed: 1 })
    let times = 1
    const pace = new HostPace({ clock: world.clock, pace: paceDefaults, share: () => ({ times, place: 0 }) })
    const turns: number[] = []
    for (times of [1, 4, 1e9]) {
      const before = world.ageMs
      pace.done(0)
      const turn = pace.turn(new AbortController().signal)
      await world.run()
      await turn
      turns.push(world.ageMs - before)
    }
    expect(turns).toEqual([1000, 4000, 2 ** 31 - 1])
  })

  it('waits for nothing when no delay is configured and none asked for', async () => {
    expect(await pauseAfter({ delayMs: 0 }, (pace) => pace.done(900))).toBe(0)
  })

  it('backs off twice as long after each failure, and as long as the host asks', async () => {
    const world = new World({ seed: 1 })
    const pace = new HostPace({ clock: world.clock, pace: { ...paceDefaults, delayMs: 0 } })
    const waits: number[] = []
    for (let i = 0; i < 3; i++) {
      const before = world.ageMs
      expect(pace.failed(undefined)).toBe(true)
      const turn = pace.turn(new AbortController().signal)
      await world.run()
      await turn
      waits.push(world.ageMs - before)
    }
    expect(waits).toEqual([1000, 2000, 4000])
    expect(await pauseAfter({}, (one) => one.failed(90_000))).toBe(90_000)
    expect(pace.failed(3_600_000)).toBe(false)
  })
})

describe('links of a page', () => {
  const links = (html: string): string[] => {
    const url = 'http://a.example/dir/page'
    const headers: [string, string][] = [['Content-Type', 'text/html; charset=utf-8']]
    const exchange: Exchange = {
      url,
      status: 200,
      headers,
      requestHead: requestHead(url, []),
      responseHead: responseHead(200, 'OK', headers),
      body: utf8(html),
      fetchedAt: 0,
      remoteAddress: null,
      truncated: false,
    }
    const job = {
      exchange,
      via: null,
      rules: noRules,
      fact: null,
      agentToken: 'Quern',
      pipeline: CURRENT_PIPELINE,
      qualityWeights: {},
      selectors: [],
    }
    return workPage({ ...job, profile: 'standard', linksOnly: true }).links
  }

  it('resolves against the first base, once each, in order, without fragments of its own', () => {
    expect(links('<base href="/b/"><base href="/c/"><a href=x><A HREF="x"><area href="http://o.example/y"><a href="#top"><a>')).toEqual([
      'http://a.example/b/x',
      'http://o.example/y',
    ])
  })

  it('leaves out what is not to be followed', () => {
    expect(links('<a href=1 rel="ugc nofollow"><a href=2>')).toEqual(['http://a.example/dir/2'])
    expect(links('<meta name=robots content="noarchive, NOFOLLOW"><a href=2>')).toEqual([])
    expect(links('<meta name=quern content="none"><a href=2>')).toEqual([])
    expect(links('<meta name=otherbot content="nofollow"><a href=2>')).toEqual(['http://a.example/dir/2'])
  })

  it('survives rubbish and floods', () => {
    expect(links('<a href="http://[">x<a href="javascript:1">y</a></div></div><!--')).toEqual([])
    expect(links(Array.from({ length: 20_000 }, (_, i) => `<a href="/${i}">`).join('')).length).toBe(5000)
  })
})

describe('Channel', () => {
  it('makes producers wait while it is full and lets them go when closed', async () => {
    const channel = new Channel<number>(2)
    const done: number[] = []
    const producers = [1, 2, 3, 4].map(async (item) => {
      await channel.put(item)
      done.push(item)
    })
    await Promise.resolve()
    expect(done).toEqual([1, 2])
    expect([await channel.take(), await channel.take(), await channel.take()]).toEqual([1, 2, 3])
    channel.close()
    await Promise.all(producers)
    expect(await channel.take()).toBe(4)
    expect(await channel.take()).toBeUndefined()
  })
})
