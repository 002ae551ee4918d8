/** Every reservation syntax by the examples of its own specification, and by what hostile files do. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFetchGroups, fetchGroup, requestHead, responseHead, warcDigest } from '../evidence/index.ts'
import { concatBytes, sha256, toHex, utf8 } from '../wire/index.ts'
import {
  mayFetchLine,
  mayTrain,
  MAX_RULE_CAPTURES,
  parseAiTxt,
  parseRobots,
  parseRsl,
  parseTdmRep,
  readSite,
  robotsDirectives,
  type RuleTexts,
  siteOfCaptures,
  siteOfTexts,
  trainDecision,
  type TrainInput,
} from './index.ts'
import { rslLinksOf } from './link-header.ts'
import { pageSignals } from './page-signals.ts'
import { parseDictionary } from './structured-fields.ts'

const ORIGIN = 'https://provider.example'
const decide = (path: string, { agent = 'quern', headers = [], html = null, ...texts }: Partial<TrainInput> & Partial<RuleTexts>) => {
  const url = `${ORIGIN}${path}`
  return trainDecision({ url, agent, headers, html, site: siteOfTexts({ ...texts, url }) })
}
const told = (...given: Parameters<typeof decide>) =>
  decide(...given).signals.map(({ source, value, line, says }) => [says, source, value, line])

describe('paths of preferences', () => {
  it.each([
    ['/%62log/', '/blog/x'],
    ['/blog/', '/%62log/x'],
    ['/bl%c3%bcg/', '/blüg/x'],
    ['/*/p1$', '/blog/p%31'],
  ])('%s covers %s, whatever is escaped', (path, page) => {
    expect(decide(page, { robots: `User-agent: *\nContent-Usage: ${path} train-ai=n\n` }).decision).toBe('deny')
    expect(decide(page, { robots: `User-agent: *\nContent-Signal: ${path} ai-train=no\n` }).decision).toBe('deny')
  })

  it.each<[lines: [path: string, may: boolean][], page: string, decision: string]>([
    [
      [
        ['', false],
        ['/%62log/', true],
      ],
      '/blog/x',
      'deny',
    ],
    [
      [
        ['/blog/', false],
        ['/%62log', true],
      ],
      '/blog/x',
      'deny',
    ],
    [
      [
        ['/', false],
        ['/open/', true],
      ],
      '/%6Fpen/x',
      'deny',
    ],
    [
      [
        ['/', true],
        ['/%62log/', false],
      ],
      '/blog/x',
      'deny',
    ],
    [[['/%62log/', true]], '/blog/x', 'unknown'],
    [
      [
        ['/', false],
        ['/open/', true],
      ],
      '/open/x',
      'allow',
    ],
  ])('an escape permits nothing: %j for %s is %s', (lines, page, decision) => {
    const usage = lines.map(([path, may]) => `Content-Usage: ${path} train-ai=${may ? 'y' : 'n'}\n`).join('')
    const signal = lines.map(([path, may]) => `Content-Signal: ${path} ai-train=${may ? 'yes' : 'no'}\n`).join('')
    for (const robots of [usage, signal]) expect(decide(page, { robots: `User-agent: *\n${robots}` }).decision).toBe(decision)
  })
})

describe('TDMRep', () => {
  const groups = `[
  { "location": "/directory-a/", "tdm-reservation": 1 },
  { "location": "/directory-b/html/", "tdm-reservation": 1,
    "tdm-policy": "https://provider.com/policies/policy.json" },
  { "location": "/directory-b/images/*.jpg", "tdm-reservation": 0 }
]`

  it.each([
    ['[{"location": "/", "tdm-reservation": 1}]', '/any/page', 'deny', 1],
    [groups, '/directory-a/x.pdf', 'deny', 2],
    [groups, '/directory-b/html/x.html', 'deny', 3],
    [groups, '/directory-b/images/cats/x.jpg', 'allow', 5],
    [groups, '/directory-b/images/x.png', 'unknown', null],
    [groups, '/Directory-A/x.pdf', 'unknown', null],
    ['[{"location":"/this/path/exactly$","tdm-reservation":1}]', '/this/path/exactly', 'deny', 1],
    ['[{"location":"/this/path/exactly$","tdm-reservation":1}]', '/this/path/exactly/not', 'unknown', null],
    ['[{"location":"/this/*/then","tdm-reservation":1}]', '/this/and/then', 'deny', 1],
    ['[{"location":"/path/foo-%24","tdm-reservation":1}]', '/path/foo-$', 'deny', 1],
    ['[{"location":"/a","tdm-reservation":0},{"location":"/a/b","tdm-reservation":1}]', '/a/b', 'allow', 1],
    ['[{"location":"/ü","tdm-reservation":1}]', '/%C3%BC', 'deny', 1],
    ['[{"location":"/","tdm-reservation":"1"}]', '/a', 'unknown', null],
    ['{"location":"/","tdm-reservation":1}', '/a', 'unknown', null],
    ['[1,null,"x",{"location":1},{"tdm-reservation":1}]', '/a', 'unknown', null],
    ['<!doctype html>', '/a', 'unknown', null],
  ])('%s at %s: %s', (tdmrep, path, decision, line) => {
    const found = decide(path, { tdmrep })
    expect([found.decision, found.signals[0]?.line ?? null]).toEqual([decision, line])
  })

  it('is superseded by the header, and that by the page; silence resets nothing', () => {
    const tdmrep = '[{"location":"/","tdm-reservation":1}]'
    const meta = (bit: number): string => `<meta name="tdm-reservation" content="${bit}">`
    const header = (bit: number): [string, string][] => [['TDM-Reservation', String(bit)]]
    expect(decide('/a', { tdmrep, headers: header(0) }).decision).toBe('allow')
    expect(decide('/a', { tdmrep, headers: header(0), html: meta(1) }).decision).toBe('deny')
    expect(decide('/a', { tdmrep, headers: header(1), html: meta(0) }).decision).toBe('allow')
    expect(decide('/a', { tdmrep, headers: [['tdm-policy', 'https://x.example']], html: '<p>' }).decision).toBe('deny')
  })
})

describe('RSL', () => {
  const rsl = (...content: string[]): string =>
    `<?xml version="1.0"?>\n<rsl xmlns="https://rslstandard.org/rsl">\n${content.join('\n')}\n</rsl>`
  const content = (licence: string, url = '/'): string => `<content url="${url}"><license>${licence}</license></content>`
  const permits = (usage: string): string => `<permits type="usage">${usage}</permits>`
  const paid = (type: string): string => `<payment type="${type}"><amount currency="USD">0.015</amount></payment>`

  it.each([
    [rsl(content('<prohibits type="usage">ai-train</prohibits>')), 'deny', 'prohibits usage ai-train'],
    [rsl(content('<prohibits type="usage">all</prohibits>')), 'deny', 'prohibits usage all'],
    [rsl(content('<prohibits type="usage">ai-input, ai-all</prohibits>')), 'deny', 'prohibits usage ai-all'],
    [rsl(content('<prohibits type="usage">search</prohibits>')), 'unknown', undefined],
    [rsl(content(permits('ai-train'))), 'allow', 'permits usage ai-train'],
    [rsl(content(permits('search train-ai'))), 'allow', 'permits usage train-ai'],
    [rsl(content(permits('search'))), 'deny', 'permits usage search'],
    [rsl(content(permits('all') + '<prohibits type="usage">ai-train</prohibits>')), 'deny', 'prohibits usage ai-train'],
    [rsl(content(permits('ai-all') + '<payment type="free"/>')), 'allow', 'permits usage ai-all'],
    [
      rsl(
        content(
          permits('ai-all') + '<payment type="attribution"><standard>https://creativecommons.org/licenses/by/4.0/</standard></payment>',
        ),
      ),
      'allow',
      'permits usage ai-all',
    ],
    ...['crawl', 'training', 'use', 'inference', 'purchase', 'subscription', 'contribution'].map((type) => [
      rsl(content(permits('ai-train') + paid(type))),
      'deny',
      `permits usage ai-train for payment ${type}`,
    ]),
    [
      rsl(content(permits('ai-all') + '<payment><standard>https://rslcollective.org/license</standard></payment>')),
      'deny',
      'permits usage ai-all for payment other',
    ],
    [rsl(content(paid('subscription'))), 'deny', 'a licence for payment subscription'],
    [
      rsl(content(permits('ai-train') + '<permits type="user">non-commercial</permits>')),
      'deny',
      'permits usage ai-train to some users or countries',
    ],
    [
      rsl(content(permits('ai-train') + '<prohibits type="geo">de</prohibits>')),
      'deny',
      'permits usage ai-train to some users or countries',
    ],
    [
      rsl('<content url="/" server="https://api.rslcollective.org"><license>' + permits('ai-train') + '</license></content>'),
      'deny',
      'a licence must be obtained from https://api.rslcollective.org',
    ],
    [rsl('<content url="/" encrypted="true"><license>' + permits('ai-train') + '</license></content>'), 'deny', 'encrypted content'],
    // licences of one content are alternatives
    [
      rsl(
        `<content url="/"><license>${permits('ai-train')}${paid('crawl')}</license><license>${permits('ai-train')}<payment type="free"/></license></content>`,
      ),
      'allow',
      'permits usage ai-train',
    ],
    // the longest pattern speaks
    [rsl(content(permits('ai-train')), content(permits('search'), '/news/*')), 'deny', 'permits usage search'],
    [rsl(content(permits('search')), content(permits('ai-train'), `${ORIGIN}/news/*`)), 'allow', 'permits usage ai-train'],
    [rsl(content(permits('search'), 'https://other.example/*')), 'unknown', undefined],
    [rsl(content(permits('search'), '/news/a$')), 'deny', 'permits usage search'],
    [rsl(content(permits('search'), '/news/$')), 'unknown', undefined],
    [rsl('<content url="/"></content>'), 'unknown', undefined],
    [rsl().replace(/rsl/g, 'rsl:rsl').replace('xmlns=', 'xmlns:rsl='), 'unknown', undefined],
    [
      `<rsl:rsl xmlns:rsl="https://rslstandard.org/rsl"><rsl:content url="/"><rsl:license><rsl:prohibits type="usage">all</rsl:prohibits></rsl:license></rsl:content></rsl:rsl>`,
      'deny',
      'prohibits usage all',
    ],
    ['<html><body><prohibits type="usage">all</prohibits>', 'unknown', undefined],
    ['', 'unknown', undefined],
  ] as [string, string, string | undefined][])('%s: %s', (document, decision, value) => {
    const found = decide('/news/a', { rsl: document })
    expect([found.decision, found.signals[0]?.value]).toEqual([decision, value])
  })

  it.each([
    '<rsl><content',
    '<rsl><content url="/"><license><permits type="usage">ai-train</permits>',
    '<rsl><content url="/"><license><permits type="usage">ai-train</permits></license></content>',
  ])('refuses a document that ends in the middle: %s', (document) => {
    expect(parseRsl(document).state).toBe('refused')
    const robots = 'User-agent: *\nLicense: https://provider.example/l.xml\n'
    expect(decide('/a', { robots, rsl: document }).decision).toBe('deny')
  })

  it('refuses document types, entities, depth and size, and then takes nothing', () => {
    const entity = '<!DOCTYPE rsl [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'
    for (const document of [
      `${entity}${rsl(content(permits('ai-train')))}`,
      rsl(content(permits('ai-train'))).replace('<content', `${entity}<content`),
      rsl('<a>'.repeat(1000)),
      rsl(content(permits('ai-train ').repeat(10_000))),
      rsl(content(permits('ai-train'))) + ' '.repeat(1 << 20),
      `<rsl ${Array.from({ length: 1000 }, (_, i) => `a${i}=""`).join(' ')}>`,
      rsl('<x/>'.repeat(20_000)),
    ]) {
      expect(parseRsl(document).state, document.slice(0, 80)).toBe('refused')
      expect(decide('/a', { rsl: document }).decision).toBe('deny')
    }
    // an entity nobody declared stays text
    expect(parseRsl(rsl(content(permits('&ai;ai-train')))).state).toBe('read')
  })

  it('is found by robots.txt, a header, the page, or in the page; the line is that of its document', () => {
    const document = rsl(content('<prohibits type="usage">ai-train</prohibits>'))
    expect(told('/a', { rsl: document, robots: `License: ${ORIGIN}/license.xml\n` })).toEqual([
      ['deny', 'rsl', 'prohibits usage ai-train', 3],
    ])
    const html = `<html>\n<head>\n<script type="application/rsl+xml">\n${document.replace(/^.*\n/, '')}\n</script>`
    expect(told('/a', { html })).toEqual([['deny', 'rsl script', 'prohibits usage ai-train', 5]])
  })

  it('leaves a mark where a licence is named that nobody read', () => {
    const link: [string, string][] = [['Link', '<https://provider.example/rsl.xml>; rel="license"; type="application/rsl+xml"']]
    const html = '<head>\n<link rel="license" type="application/rsl+xml" href="/rsl.xml">'
    const robots = `License: ${ORIGIN}/rsl.xml\n`
    const found = decide('/a', { headers: link, html, robots })
    expect(found).toMatchObject({ decision: 'unknown', unread: [`${ORIGIN}/rsl.xml`] })
    expect(found.signals.map(({ source, line, says }) => [source, line, says])).toEqual([
      ['rsl robots.txt', 1, 'weak'],
      ['rsl link header', null, 'weak'],
      ['rsl link', 2, 'weak'],
    ])
    expect([mayTrain(found, 'standard'), mayTrain(found, 'strict')]).toEqual([true, false])
    const read = decide('/a', { headers: link, html, robots, rsl: rsl(content(permits('ai-train'))), named: [`${ORIGIN}/rsl.xml`] })
    expect(read).toMatchObject({ decision: 'allow', unread: [] })
  })

  it.each([
    ['<https://a.example/l.xml>; rel="license"; type="application/rsl+xml"', ['https://a.example/l.xml']],
    ['</a>; rel=next, </b>; rel="copyright license"; type=application/rsl+xml', ['/b']],
    ['</a>;type="application/rsl+xml";rel=license, </b> ; REL="LICENSE" ; TYPE="application/rsl+xml; charset=utf-8"', ['/a', '/b']],
    ['<https://creativecommons.org/licenses/by/4.0/>; rel=license', []],
    ['</a>; title="x, </b>; rel=license"; rel=license; type="application/rsl+xml"', ['/a']],
    ['</a>; rel=next; rel=license; type="application/rsl+xml"', []],
    ['nothing', []],
    ['<', []],
  ])('reads the Link header %s', (value, targets) => {
    expect(rslLinksOf(value)).toEqual(targets)
  })
})

describe('ai.txt', () => {
  // what Spawning's generator writes when text is kept back, and when it is not
  const kept = 'User-Agent: *\nAllow: *.jpg\nDisallow: *.txt\nDisallow: *.html\nDisallow: *.c\nDisallow: /\n'
  const open = 'User-Agent: *\nDisallow: *.jpg\nDisallow: *.c\nAllow: *.txt\nAllow: *.html\nAllow: /\n'

  it.each([
    [kept, '/page.html', 'deny', 'Disallow: *.html'],
    [kept, '/page', 'deny', 'Disallow: *.html'],
    [kept, '/photo.jpg', 'allow', 'Allow: *.jpg'],
    [kept, '/other.xyz', 'deny', 'Disallow: /'],
    [open, '/page', 'allow', 'Allow: *.html'],
    [open, '/photo.JPG?size=1', 'deny', 'Disallow: *.jpg'],
    [open, '/www.example.com/', 'allow', 'Allow: *.html'],
    ['User-Agent: *\nDisallow: *\nDisallow: /\n', '/a', 'deny', 'Disallow: *'],
    ['User-Agent: *\nDisallow: /private/\nAllow: /\n', '/private/a', 'deny', 'Disallow: /private/'],
    ['User-Agent: *\nAllow: /a\nDisallow: /a\n', '/a', 'deny', 'Disallow: /a'],
    ['User-Agent: OtherBot\nDisallow: /\n', '/a', 'unknown', undefined],
    ['User-Agent: *\nAllow: /\nUser-Agent: quern\nDisallow: /\n', '/a', 'deny', 'Disallow: /'],
    ['# policy\nTraining: deny\n', '/a', 'deny', 'Training: deny'],
    ['Training: conditional\n', '/a', 'deny', 'Training: conditional'],
    ['Agent: GPTBot\n  Training: deny\n', '/a', 'unknown', undefined],
    ['Allow-Training: yes\n', '/a', 'allow', 'Allow-Training: yes'],
    ['<!doctype html><title>Not found</title><p>Disallow: /</p>', '/a', 'unknown', undefined],
    ['Disallow: /\n', '/a', 'unknown', undefined],
  ])('%j at %s: %s', (aiTxt, path, decision, value) => {
    const found = decide(path, { aiTxt })
    expect([found.decision, found.signals[0]?.value]).toEqual([decision, value])
  })
})

describe('robots tags', () => {
  it.each([
    ['noindex, nofollow', ['noindex', 'nofollow']],
    ['otherbot: noindex, noai', []],
    ['otherbot: noindex, quern: noai', ['noai']],
    ['Quern: NOAI', ['noai']],
    ['unavailable_after: 25 Jun 2010 15:00:00 PST, noai', ['unavailable_after:', '25', 'jun', '2010', '15:00:00', 'pst', 'noai']],
    ['max-image-preview: large, noai', ['max-image-preview:', 'large', 'noai']],
    ['', []],
  ])('%s gives quern %j', (value, words) => {
    expect(robotsDirectives(value, 'quern')).toEqual(words)
  })

  it('about images or an index are weak evidence', () => {
    expect(told('/a', { headers: [['X-Robots-Tag', 'noimageai']] })).toEqual([['weak', 'x-robots-tag header', 'noimageai', null]])
    expect(decide('/a', { html: '<meta name=robots content=noindex>' })).toMatchObject({ decision: 'unknown', signals: [{ says: 'weak' }] })
  })
})

describe('training crawlers shut out by name', () => {
  const robots =
    'User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n\nUser-agent: ClaudeBot\nDisallow: /private\n\nUser-agent: *\nAllow: /\n'

  it('are weak evidence where the page is closed to them', () => {
    expect(told('/a', { robots })).toEqual([
      ['weak', 'ai agent robots.txt', 'gptbot: Disallow: /', 3],
      ['weak', 'ai agent robots.txt', 'ccbot: Disallow: /', 3],
    ])
    expect(told('/private/a', { robots }).length).toBe(3)
    expect(told('/a', { robots: 'User-agent: *\nDisallow: /\n' })).toEqual([])
  })

  it('keep a page out of a strict dataset even where all are permitted, and of no other', () => {
    const found = decide('/a', { robots: `${robots}Content-Signal: ai-train=yes\n` })
    expect([found.decision, mayTrain(found, 'standard'), mayTrain(found, 'strict')]).toEqual(['allow', true, false])
    expect(mayTrain(decide('/a', { robots: 'User-agent: *\nContent-Signal: ai-train=yes' }), 'strict')).toBe(true)
    expect(mayTrain(decide('/a', {}), 'strict')).toBe(false)
    expect(mayTrain(decide('/a', {}), 'standard')).toBe(true)
  })
})

it('names the hash of what each statement was read from', () => {
  const head = utf8('HTTP/1.1 200 OK\r\nTDM-Reservation: 1\r\n\r\n')
  const body = utf8('<meta name="robots" content="noai">')
  const robots = 'User-agent: *\nContent-Signal: ai-train=no\n'
  const url = `${ORIGIN}/a`
  const { signals } = trainDecision({
    url,
    agent: 'quern',
    site: siteOfTexts({ url, robots }),
    headers: [['TDM-Reservation', '1']],
    html: Buffer.from(body).toString(),
    head,
    body,
  })
  expect(signals.map(({ source, sha256: digest }) => [source, digest])).toEqual([
    ['content-signal robots.txt', toHex(sha256(utf8(robots)))],
    ['tdm-reservation header', toHex(sha256(head))],
    ['robots meta', toHex(sha256(body))],
  ])
})

describe('a site from its captures', () => {
  type Answers = Record<string, { status?: number; location?: string; body?: string }>
  const capture = (url: string, { status = 200, location, body = '' }: Answers[string]) => {
    const headers: [string, string][] = location === undefined ? [] : [['Location', location]]
    const exchange = {
      url,
      status,
      headers,
      requestHead: requestHead(url),
      responseHead: responseHead(status, 'OK', headers),
      body: utf8(body),
      fetchedAt: 1,
      remoteAddress: null,
      truncated: false,
    }
    return { exchange, payloadDigest: warcDigest(exchange.body), group: fetchGroup(exchange) }
  }
  const visit = (answers: Answers) => {
    const asked: string[] = []
    const captures: ReturnType<typeof capture>[] = []
    const reading = readSite<ReturnType<typeof capture>>(ORIGIN, 'quern')
    let step = reading.next()
    while (step.done !== true) {
      const { url } = step.value
      asked.push(url.replace(ORIGIN, ''))
      captures.push(capture(url, answers[url.replace(ORIGIN, '')] ?? { status: 404 }))
      step = reading.next(captures.at(-1) as ReturnType<typeof capture>)
    }
    return { asked, captures, rules: step.value.rules }
  }

  it('asks for three files, and for two licences at most', () => {
    expect(visit({}).asked).toEqual(['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt'])
    const licences = ['a', 'b', 'b', 'c'].map((name) => `License: ${ORIGIN}/${name}.xml`).join('\n')
    const many = visit({ '/robots.txt': { body: licences } })
    expect(many.asked.slice(3)).toEqual(['/a.xml', '/b.xml'])
    expect(trainDecision({ url: `${ORIGIN}/x`, agent: 'quern', site: many.rules, headers: [], html: null }).unread).toEqual([
      `${ORIGIN}/c.xml`,
    ])
  })

  it('asks for nothing that robots.txt forbids, and for nothing behind a robots.txt that fails', () => {
    expect(visit({ '/robots.txt': { body: 'User-agent: *\nDisallow: /' } }).asked).toEqual(['/robots.txt'])
    expect(visit({ '/robots.txt': { body: 'User-agent: *\nDisallow: /.well-known/' } }).asked).toEqual(['/robots.txt', '/ai.txt'])
    expect(visit({ '/robots.txt': { status: 503 } }).asked).toEqual(['/robots.txt'])
  })

  it('takes a failing file for a reservation, a missing one for none', () => {
    const decision = (answers: Answers) =>
      trainDecision({ url: `${ORIGIN}/x`, agent: 'quern', site: visit(answers).rules, headers: [], html: null })
    for (const file of ['/.well-known/tdmrep.json', '/ai.txt']) {
      for (const status of [500, 503, 429]) expect(decision({ [file]: { status } }).decision).toBe('deny')
      for (const status of [404, 403, 410]) expect(decision({ [file]: { status } }).decision).toBe('unknown')
    }
    const robots = { body: `License: ${ORIGIN}/l.xml` }
    expect(decision({ '/robots.txt': robots, '/l.xml': { status: 500 } }).decision).toBe('deny')
    expect(decision({ '/robots.txt': robots })).toMatchObject({ decision: 'unknown', unread: [] })
    expect(decision({ '/robots.txt': robots, '/l.xml': { body: '<html>' } }).decision).toBe('unknown')
  })

  it('comes out of the evidence as it went in, and not when any of it is gone, doubled or moved', () => {
    const answers: Answers = {
      '/robots.txt': { status: 301, location: '/r.txt' },
      '/r.txt': { body: `User-agent: *\nDisallow: /x\nLicense: ${ORIGIN}/l.xml` },
      '/.well-known/tdmrep.json': { body: '[{"location":"/","tdm-reservation":1}]' },
      '/l.xml': { body: '<rsl><content url="/"/></rsl>' },
    }
    const { captures, rules } = visit(answers)
    const read = parseFetchGroups(concatBytes(...captures.flatMap(({ group }) => group.members)), MAX_RULE_CAPTURES)
    expect(read.length).toBe(5)
    const site = siteOfCaptures(read, ORIGIN, 'quern')
    expect(site.ok && site.rules).toEqual(rules)
    for (let i = 0; i < read.length; i++) {
      expect(
        siteOfCaptures(
          read.filter((_, at) => at !== i),
          ORIGIN,
          'quern',
        ).ok,
        `without ${i}`,
      ).toBe(false)
      expect(siteOfCaptures([...read.slice(0, i + 1), ...read.slice(i)], ORIGIN, 'quern').ok, `${i} twice`).toBe(false)
    }
    expect(siteOfCaptures(read, 'https://other.example', 'quern').ok).toBe(false)
    expect(() => parseFetchGroups(concatBytes(...captures.flatMap(({ group }) => group.members)), 4)).toThrow(/more than 4/)
  })

  it('follows five redirects and takes the sixth for an answer', () => {
    const chain = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [i === 0 ? '/ai.txt' : `/${i}`, { status: 302, location: `/${i + 1}` }]),
    )
    expect(visit(chain).asked).toEqual(['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt', '/1', '/2', '/3', '/4', '/5'])
    expect(visit(chain).rules.aiTxt).toBe(null)
  })
})

describe('hostile input', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc
      .array(
        fc.constantFrom(
          'User-agent:',
          ' *',
          '\n',
          '\r',
          'Disallow:',
          'Allow:',
          ' /',
          '*',
          '$',
          '%2',
          '%41',
          '\u009b31m',
          '\u202e',
          '\0',
          'License: https://a.example/',
          'Content-Usage:',
          'train-ai=n',
          'Training:',
          ' deny',
          '<rsl>',
          '<content url="/">',
          '<license>',
          '<permits type="usage">',
          'ai-train',
          '</permits>',
          '<!DOCTYPE x>',
          '&amp;',
          '<![CDATA[',
          ']]>',
          '<?x?>',
          '<meta name="robots" content="noai">',
          '<link rel="license" type="application/rsl+xml" href="',
          '<script type="application/rsl+xml">',
          '[',
          ']',
          '{"location":"/',
          '","tdm-reservation":1}',
          ',',
          '"',
          ';',
          '=',
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join('')),
  )

  it('never throws, whichever file it comes in', () => {
    fc.assert(
      fc.property(nasty, nasty, (one, other) => {
        parseRobots(one)
        parseAiTxt(one)
        parseTdmRep(one)
        parseRsl(one)
        pageSignals(one)
        rslLinksOf(one)
        parseDictionary(one)
        robotsDirectives(one, 'quern')
        const headers = ['Content-Usage', 'Content-Signal', 'TDM-Reservation', 'X-Robots-Tag', 'Link'].map((name): [string, string] => [
          name,
          other,
        ])
        const found = decide('/a', { robots: one, tdmrep: one, aiTxt: other, rsl: one, html: other, headers })
        expect(['allow', 'deny', 'unknown']).toContain(found.decision)
        for (const { value } of found.signals) expect(value.length).toBeLessThanOrEqual(512)
      }),
      { numRuns: 1000 },
    )
  })

  it('gives one line of plain ASCII controls, whatever it says', () => {
    fc.assert(
      fc.property(nasty, nasty, fc.webUrl(), (one, other, url) => {
        const line = JSON.stringify({
          id: one.slice(0, 100),
          url,
          robots: one,
          html: other,
          headers: { 'X-Robots-Tag': `noai${other}` },
          tdmrep: one,
          aiTxt: other,
          rsl: one,
        })
        const out = mayFetchLine(line, 'quern')
        // oxlint-disable-next-line no-control-regex
        expect(out).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/)
        expect(JSON.parse(out)).toHaveProperty('id')
        mayFetchLine(one, 'quern')
      }),
      { numRuns: 500 },
    )
  })

  it('allows no page that asks us by name not to index it, as no crawler keeps it', () => {
    const allowed = (name: string): unknown => {
      const line = JSON.stringify({ url: `${ORIGIN}/a`, html: `<meta name="${name}" content="noindex">` })
      return (JSON.parse(mayFetchLine(line, 'quern')) as { train: { allowed: boolean } }).train.allowed
    }
    expect([allowed('quern'), allowed('otherbot')]).toEqual([false, true])
  })

  it('allows no page whose licence nobody read, as no crawler keeps it', () => {
    const asked = { url: `${ORIGIN}/a`, headers: { Link: '</rsl.xml>; rel="license"; type="application/rsl+xml"' } }
    const allowed = (more: object): unknown =>
      (JSON.parse(mayFetchLine(JSON.stringify({ ...asked, ...more }), 'quern')) as { train: { allowed: boolean } }).train.allowed
    expect(allowed({})).toBe(false)
    expect(allowed({ headers: {} })).toBe(true)
    expect(allowed({ rsl: '<rsl xmlns="https://rslstandard.org/rsl"></rsl>' })).toBe(true)
    expect(allowed({ headers: {}, robots: [1, 2, 3].map((n) => `License: ${ORIGIN}/${n}.xml`).join('\n') })).toBe(false)
  })

  it('takes work in proportion to its size', () => {
    const huge = 1 << 20
    const blanks = ' '.repeat(huge)
    for (const text of [
      blanks,
      '<'.repeat(huge),
      '{'.repeat(huge),
      '['.repeat(huge),
      'a:'.repeat(huge / 2),
      '\n'.repeat(huge),
      '"'.repeat(huge),
      '<a '.repeat(huge / 3),
      '&'.repeat(huge),
      ';='.repeat(huge / 2),
    ]) {
      decide('/a', { robots: text, tdmrep: text, aiTxt: text, rsl: text, html: text })
      const header = text.slice(0, 64 << 10)
      decide('/a', {
        headers: ['Content-Usage', 'Content-Signal', 'TDM-Reservation', 'X-Robots-Tag', 'Link'].map((name): [string, string] => [
          name,
          header,
        ]),
      })
    }
    const rules = JSON.stringify(Array.from({ length: 2000 }, () => ({ location: `/${'*a'.repeat(60)}b`, 'tdm-reservation': 1 })))
    expect(
      decide(`/${'a'.repeat(8000)}`, { tdmrep: rules, aiTxt: `User-Agent: *\n${`Disallow: /${'*a'.repeat(60)}b\n`.repeat(2000)}` })
        .decision,
    ).toBe('unknown')
  })
})
