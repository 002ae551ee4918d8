import { describe, expect, it } from 'vitest'
import { mayTrain, noRobots, type RuleTexts, siteOfTexts, trainDecision, type TrainInput } from './index.ts'
import { parseDictionary } from './structured-fields.ts'

const URL_OF_TEST = 'http://a.example/test'
const decide = ({ robots = noRobots, tdmrep, aiTxt, rsl, named = [], ...input }: Partial<TrainInput> & Partial<RuleTexts>) => {
  const url = input.url ?? URL_OF_TEST
  return trainDecision({
    agent: 'quern',
    headers: [],
    html: null,
    ...input,
    url,
    site: siteOfTexts({ url, robots, tdmrep, aiTxt, rsl, named }),
  })
}
const signalsOf = (input: Parameters<typeof decide>[0]) => decide(input).signals.map(({ source, value, line }) => ({ source, value, line }))
const header = (name: string, ...values: string[]) => decide({ headers: values.map((value) => [name, value]) }).decision

describe('trainDecision', () => {
  it('knows nothing where nobody speaks', () => {
    expect(decide({})).toEqual({ decision: 'unknown', signals: [], unread: [] })
  })

  it('reads Content-Usage as the drafts have it', () => {
    expect(header('Content-Usage', 'train-ai=n')).toBe('deny')
    expect(header('Content-Usage', 'train-ai=y, search=n')).toBe('allow')
    expect(header('content-usage', 'train-ai=y', 'train-ai=n')).toBe('deny')
    expect(header('Content-Usage', 'train-ai;allow=n, train-ai=y')).toBe('allow')
    for (const value of [
      'train-ai=y, train-ai, search="n"',
      'train-ai;has;parameters="?"',
      'train-ai=?0',
      'train-ai="n"',
      'Train-AI=n',
      'train-ai=N',
      'search=n',
      '',
    ])
      expect(header('Content-Usage', value)).toBe('unknown')
  })

  it('takes the longest path of our group in robots.txt', () => {
    const robots =
      'User-Agent: *\nAllow: /\nDisallow: /never/\nContent-Usage: / train-ai=n\nContent-Usage: /ai-ok/ train-ai=y\n\nUser-Agent: ExampleBot\nAllow: /\nContent-Usage: / train-ai=y\n'
    const of = (path: string, agent = 'quern') => decide({ robots, agent, url: `http://a.example${path}` })
    expect(of('/test')).toMatchObject({
      decision: 'deny',
      signals: [{ source: 'content-usage robots.txt', value: 'Content-Usage: / train-ai=n', line: 4, says: 'deny' }],
    })
    expect(of('/ai-ok/test').decision).toBe('allow')
    expect(of('/never/test').decision).toBe('unknown')
    expect(of('/test', 'ExampleBot').decision).toBe('allow')
  })

  it('lets the stricter of two lines for one path win, and reads lines without a path', () => {
    const of = (...usage: string[]) => decide({ robots: ['User-agent: *', ...usage.map((u) => `Content-Usage: ${u}`)].join('\n') }).decision
    expect(of('/ train-ai=y', '/ train-ai=n')).toBe('deny')
    expect(of('train-ai=n')).toBe('deny')
    expect(of('train-ai=n', '/test train-ai=y')).toBe('allow')
  })

  it('reads Content-Signal in robots.txt and as a header', () => {
    const robots = 'User-agent: *\nContent-Signal: search=yes, ai-train=no\nAllow: /\nUser-agent: other\nDisallow: /'
    expect(decide({ robots })).toMatchObject({
      decision: 'deny',
      signals: [{ source: 'content-signal robots.txt', value: 'Content-Signal: search=yes, ai-train=no', line: 2 }],
    })
    expect(header('Content-Signal', 'ai-train=yes')).toBe('allow')
    expect(header('Content-Signal', 'search=yes,AI-Train = No')).toBe('deny')
    expect(header('Content-Signal', 'search=no, ai-input=no')).toBe('unknown')
    expect(header('Content-Signal', 'ai-train=maybe')).toBe('unknown')
  })

  it('lets a TDM meta supersede the header, and passes over other values', () => {
    const page = (bit: string) => `<html>\n<head>\n<meta name="TDM-Reservation" content="${bit}"></head></html>`
    expect(header('tdm-reservation', '1')).toBe('deny')
    expect(header('tdm-reservation', 'true')).toBe('unknown')
    expect(decide({ html: page('1') })).toMatchObject({
      decision: 'deny',
      signals: [{ source: 'tdm-reservation meta', value: '1', line: 3 }],
    })
    expect(decide({ html: page('0'), headers: [['tdm-reservation', '1']] }).decision).toBe('allow')
    expect(decide({ html: page('2'), headers: [['tdm-reservation', '1']] }).decision).toBe('deny')
  })

  it('reads noai from X-Robots-Tag and meta, for us or for everybody', () => {
    expect(header('X-Robots-Tag', 'noai, noimageai')).toBe('deny')
    expect(header('X-Robots-Tag', 'quern: noai')).toBe('deny')
    expect(header('X-Robots-Tag', 'otherbot: noai')).toBe('unknown')
    expect(header('X-Robots-Tag', 'unavailable_after: 25 Jun 2010 15:00:00 PST, noai')).toBe('deny')
    expect(header('X-Robots-Tag', 'noindex')).toBe('unknown')
    expect(decide({ html: '<meta content="index, NOAI" name=robots>' }).decision).toBe('deny')
    expect(decide({ html: '<meta name="Quern" content="noai">' }).decision).toBe('deny')
  })

  it('denies when one source denies, whatever the others allow', () => {
    const { decision, signals } = decide({
      headers: [
        ['content-usage', 'train-ai=y'],
        ['tdm-reservation', '1'],
      ],
    })
    expect(decision).toBe('deny')
    expect(signals.map((signal) => signal.source)).toEqual(['content-usage header', 'tdm-reservation header'])
  })
})

describe('parseDictionary', () => {
  it('takes every kind of value and keeps tokens', () => {
    const text = 'a=1, b=1.5;x=2, c="s\\"q", d=:aGk=:, e=?1, f=@17, g=%"f%c3%bc", h=(a "b" 3);q, i, j=tok/en:1, a=last'
    expect([...(parseDictionary(text) ?? [])]).toEqual([
      ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((key) => [key, null]),
      ['j', 'tok/en:1'],
      ['a', 'last'],
    ])
    expect(parseDictionary('')).toEqual(new Map())
  })

  it('refuses what RFC 9651 refuses', () => {
    for (const text of [
      'a=1,',
      ',a',
      'A=1',
      'a=1 b=2',
      'a="x',
      'a=1.',
      'a=1.2345',
      'a=(1',
      'a=(1 2',
      'a=',
      'a=1;',
      'é=1',
      'a=1234567890123456',
    ])
      expect(parseDictionary(text), text).toBeUndefined()
  })
})
