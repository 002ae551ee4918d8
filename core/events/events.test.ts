import { expect, it } from 'vitest'
import { counter, gauge, histogram, openLogger, openPrometheus, SECONDS } from './index.ts'

const calls = counter('quern_calls_total', 'Calls served.', ['protocol', 'outcome'])
const peers = gauge('quern_peers', 'Connected peers.')
const seconds = histogram('quern_call_seconds', 'Time per call.', SECONDS, ['protocol'])

it('renders what was counted for Prometheus, zeros included', async () => {
  const meter = await openPrometheus({ metrics: [calls, peers], processMetrics: false })
  expect(await meter.render()).toContain('quern_peers 0')
  meter.add(calls, { protocol: 'hello', outcome: 'ok' })
  meter.add(calls, { protocol: 'hello', outcome: 'ok' }, 2)
  meter.add(peers, {}, 5)
  meter.add(peers, {}, -1)
  meter.observe(seconds, 0.02, { protocol: 'hello' })
  const text = await meter.render()
  expect(text).toContain('quern_calls_total{protocol="hello",outcome="ok"} 3')
  expect(text).toContain('quern_peers 4')
  expect(text).toContain('quern_call_seconds_bucket{le="0.025",protocol="hello"} 1')
  expect(meter.contentType).toContain('text/plain')
})

it('writes one JSON line per event, named by place', async () => {
  const lines: string[] = []
  const log = await openLogger({ level: 'info', destination: { write: (line) => lines.push(line) } })
  log.debug('below.level')
  log.child('node:crawl').info('page.fetched', { bytes: 12 })
  const [line, ...rest] = lines.map((text) => JSON.parse(text) as Record<string, unknown>)
  expect(rest).toEqual([])
  expect(line).toMatchObject({ level: 'info', place: 'node:crawl', event: 'page.fetched', bytes: 12 })
  expect(Object.keys(line ?? {}).toSorted()).toEqual(['bytes', 'event', 'level', 'place', 'time'])
})
