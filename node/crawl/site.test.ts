/** Rule files that evidence would refuse, or that are not to be had: the site is closed at once, under the file that it was. */
import { expect, it } from 'vitest'
import { SharedAnswers } from '../../core/web/index.ts'
import { World } from '../../sim/world/index.ts'
import { evidenceLimits, type Exchange } from '../../schemas/evidence/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import { Lanes } from './lanes.ts'
import { HostPace, paceDefaults } from './pace.ts'
import { Slots } from './slots.ts'
import { visitSite } from './site.ts'

const origin = 'http://a.example'

/** What a visit asks for and comes to where the answer for `long` has a head that is too long for evidence, and that for `busy` wants an hour's rest. */
async function visited(long: string, busy = '') {
  const world = new World({ seed: 1 })
  const { clock } = world
  const asked: string[] = []
  const get = (url: string): Promise<Exchange> => {
    asked.push(url)
    const isLong = url === `${origin}${long}`
    const isBusy = url === `${origin}${busy}`
    const head = `HTTP/1.1 404 Not Found\r\nx-long: ${'x'.repeat(isLong ? evidenceLimits.headBytes : 1)}\r\n\r\n`
    return Promise.resolve({
      url,
      fetchedAt: clock.now(),
      status: isBusy ? 429 : 404,
      headers: isBusy ? [['Retry-After', '3600']] : [],
      requestHead: utf8('GET / HTTP/1.1\r\n\r\n'),
      responseHead: utf8(head),
      body: new Uint8Array(),
      truncated: false,
      remoteAddress: null,
    })
  }
  const pace = new HostPace({ clock, pace: { ...paceDefaults, delayMs: 0 }, host: 'a.example', lanes: new Lanes() })
  const visit = {
    get,
    clock,
    agent: 'Quern',
    signal: new AbortController().signal,
    paceOf: () => pace,
    licenses: new SharedAnswers(clock),
    closed: async () => undefined,
    slots: new Slots(1),
    onJournal: () => {},
  }
  const whole = visitSite(origin, visit)
  await Promise.race([world.run(), whole])
  return { asked, visit, refusal: (await whole).refuses(`${origin}/page`) }
}

it('asks for nothing more once robots.txt cannot be kept as evidence', async () => {
  const { asked, refusal } = await visited('/robots.txt')
  expect(refusal).toEqual({ outcome: 'ROBOTS_UNREACHABLE', detail: 'BAD_HEAD' })
  expect(asked).toEqual([`${origin}/robots.txt`])
})

it('names the other rule file that cannot be kept, not the one that was asked for last', async () => {
  const { asked, refusal } = await visited('/.well-known/tdmrep.json')
  expect(refusal).toEqual({ outcome: 'RULES_UNREACHABLE', detail: 'TDMREP BAD_HEAD' })
  expect(asked).toEqual([`${origin}/robots.txt`, `${origin}/.well-known/tdmrep.json`])
})

it('may be asked for its pages where all can be kept', async () => {
  expect((await visited('/elsewhere')).refusal).toBeUndefined()
})

it('asks a host for nothing more that wants a longer rest than a crawl has', async () => {
  const { asked, visit, refusal } = await visited('', '/.well-known/tdmrep.json')
  expect(refusal).toEqual({ outcome: 'RULES_UNREACHABLE', detail: 'TDMREP HOST_RESTS' })
  // nor on another site's behalf
  await visitSite(origin, visit)
  expect(asked).toEqual([`${origin}/robots.txt`, `${origin}/.well-known/tdmrep.json`])
})
