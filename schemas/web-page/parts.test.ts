import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isoDate } from './dates.ts'
import { compareWebPages, extractWebPage, hostOf, resolveUrl, type WebPage, webPageRecord } from './index.ts'
import { spdxOf } from './license.ts'
import { parseHtml } from './parse.ts'
import { cutAtBlock, fact } from './text.ts'

const base = 'https://site.example/dir/page.html?x=1'
const prose = 'The lower stone stays where it is, and the upper one turns, so that the grain between them is ground to flour.'
const recordOf = (html: string, url = base): WebPage => extractWebPage(html, url).record
const pageWith = (head: string, body = ''): WebPage =>
  recordOf(`<html><head>${head}</head><body><p>${prose} ${prose}</p>${body}</body></html>`)
const code = (act: () => unknown): string => {
  try {
    act()
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown)
  }
  return 'none'
}

describe('resolveUrl', () => {
  it.each([
    ['a/b', 'https://site.example/dir/a/b'],
    ['/a?b=c#d', 'https://site.example/a?b=c'],
    ['?q', 'https://site.example/dir/page.html?q'],
    ['//other.example/x', 'https://other.example/x'],
    ['HTTP://Other.Example:80/x', 'http://other.example/x'],
    [' \n/spa\tced ', 'https://site.example/spaced'],
    ['/ü ä?ö', 'https://site.example/%C3%BC%20%C3%A4?%C3%B6'],
    ['http://xn--mhle-0ra.example:8080/a', 'http://xn--mhle-0ra.example:8080/a'],
    ['http://XN--MHLE-0ra.example/A', 'http://xn--mhle-0ra.example/A'],
  ])('%s', (href, expected) => expect(resolveUrl(href, base)).toBe(expected))

  it('keeps a punycoded base', () => {
    expect(resolveUrl('../up', 'https://xn--mhle-0ra.example/a/b/c')).toBe('https://xn--mhle-0ra.example/a/up')
  })

  it.each([
    'javascript:alert(1)',
    'mailto:a@b.example',
    'ftp://a.example/',
    'http://user:pw@a.example/',
    'http://mühle.example/',
    'http://%41.example/',
    'http://[oops',
    `/${'a'.repeat(3000)}`,
  ])('refuses %s', (href) => expect(resolveUrl(href, base)).toBeNull())

  it('gives ASCII http(s) URLs without fragment, or null, for any input', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (href) => {
        const url = resolveUrl(href, base)
        expect(url === null || (/^https?:\/\/[!-~]+$/.test(url) && !url.includes('#'))).toBe(true)
      }),
    )
  })

  it('gives what the WHATWG algorithm gives, by whichever way', () => {
    const pieces = [
      'http://',
      'https://',
      'mill.example',
      'a-b.org',
      '--',
      '.',
      '/',
      './',
      '../',
      'x',
      'X',
      '.x',
      '?',
      'q=1',
      '#f',
      '7',
      '0x7f',
      ':80',
      '~',
    ]
    for (const at of [base, 'http://127.0.0.1:8080/a/b/', 'https://site.example'])
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 9 }), (parts) => {
          const href = parts.join('')
          const url = URL.parse(href, at)
          const isWeb = url !== null && /^https?:$/.test(url.protocol)
          if (url !== null) url.hash = ''
          expect(resolveUrl(href, at), href).toBe(isWeb ? url.href : null)
        }),
        { numRuns: 2000 },
      )
  })

  it('reads a base as the algorithm does', () => {
    const pieces = [
      'a.b',
      'mill.example',
      '127.0.0.1',
      '10.0.0.256',
      '1.2',
      ':80',
      ':443',
      ':8080',
      ':65536',
      '/',
      '/a/',
      'x.html',
      '..',
      '?q',
      '"',
      '#f',
    ]
    fc.assert(
      fc.property(
        fc.constantFrom('http://', 'https://'),
        fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 }),
        fc.constantFrom('', '#', '#a', 'x', '/x', '../x'),
        (scheme, parts, href) => {
          const at = scheme + parts.join('')
          const url = URL.parse(href, at)
          if (url !== null) url.hash = ''
          expect(resolveUrl(href, at), `${href} at ${at}`).toBe(url?.href ?? null)
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('names the host with its port', () => {
    expect(hostOf('http://a.example:8080/x')).toBe('a.example:8080')
    expect(hostOf('http://a.example')).toBe('a.example')
  })
})

describe('isoDate', () => {
  it.each([
    ['2026-03-14', '2026-03-14'],
    ['2026-3-4', '2026-03-04'],
    ['2026-03-14T06:30:00+01:00', '2026-03-14T06:30:00+01:00'],
    ['2026-03-14 06:30', '2026-03-14T06:30:00'],
    ['2026-03-14T06:30:00.123Z', '2026-03-14T06:30:00Z'],
    ['2026-03-14T06:30:00+0100', '2026-03-14T06:30:00+01:00'],
    ['20260314', '2026-03-14'],
    ['2026/03/14', '2026-03-14'],
    ['Sat, 14 Mar 2026 06:30:00 GMT', '2026-03-14T06:30:00Z'],
    ['14 March 2026', '2026-03-14'],
    ['March 14th, 2026', '2026-03-14'],
    ['2024-02-29', '2024-02-29'],
  ])('%s', (text, expected) => expect(isoDate(text)).toBe(expected))

  it.each(['2023-02-29', '2026-13-01', '03/04/2026', 'yesterday', '', '0000-00-00', '20261', 'Smarch 13 2026'])(
    'knows no day in %s',
    (text) => expect(isoDate(text)).toBeNull(),
  )

  it('drops a time that no clock shows', () => expect(isoDate('2026-03-14T25:00:00Z')).toBe('2026-03-14'))
})

describe('spdxOf', () => {
  it.each([
    ['https://creativecommons.org/licenses/by/4.0/', 'CC-BY-4.0'],
    ['http://www.creativecommons.org/licenses/by-sa/3.0/de/deed.en', 'CC-BY-SA-3.0-DE'],
    ['//creativecommons.org/licenses/by-nc-nd/2.5/xx/', 'CC-BY-NC-ND-2.5'],
    ['https://creativecommons.org/publicdomain/zero/1.0/', 'CC0-1.0'],
    ['https://creativecommons.org/publicdomain/mark/1.0/', 'CC-PDM-1.0'],
    ['https://opensource.org/licenses/MIT', 'MIT'],
    ['https://spdx.org/licenses/Apache-2.0.html', 'Apache-2.0'],
    ['https://www.apache.org/licenses/LICENSE-2.0', 'Apache-2.0'],
    ['cc-by-4.0', 'CC-BY-4.0'],
    ['https://creativecommons.org/licenses/by/', null],
    ['https://evil.example/?creativecommons.org/licenses/by/4.0/', null],
    ['All rights reserved', null],
  ])('%s', (statement, expected) => expect(spdxOf(statement)).toBe(expected))
})

describe('licence and its evidence', () => {
  const by = 'https://creativecommons.org/licenses/by/4.0/'
  it('prefers rel=license, then data, then meta, then a plain link', () => {
    const meta = `<meta name="dcterms.license" content="${by}">`
    const plain = `<a href="${by}">CC BY</a>`
    const ld = `<script type="application/ld+json">{"@type":"Article","license":"${by}"}</script>`
    expect(pageWith(meta + ld, `${plain}<a rel="license" href="${by}">x</a>`).license?.evidence).toBe('a[rel=license]')
    expect(pageWith(meta + ld, plain).license).toEqual({ spdx: 'CC-BY-4.0', url: by, evidence: 'json-ld license' })
    expect(pageWith(meta, plain).license?.evidence).toBe('meta dcterms.license')
    expect(pageWith('', plain).license?.evidence).toBe('a[href]')
    expect(pageWith('').license).toBeNull()
  })

  it('keeps an own licence page without an SPDX id', () => {
    expect(pageWith('<link rel="license" href="/terms">').license).toEqual({
      spdx: null,
      url: 'https://site.example/terms',
      evidence: 'link[rel=license]',
    })
  })
})

describe('metadata', () => {
  it('leaves absent facts null', () => {
    expect(pageWith('')).toMatchObject({
      title: null,
      author: null,
      published: null,
      canonicalUrl: null,
      data: { jsonLd: null, openGraph: null, microdata: null },
    })
  })

  it('takes the site name off a title, not a short headline', () => {
    expect(pageWith('<title>How a quern is dressed | Mill Notes</title>').title).toBe('How a quern is dressed')
    expect(pageWith('<title>FAQ - Mill Notes of the Valley</title>').title).toBe('FAQ - Mill Notes of the Valley')
  })

  it('resolves canonical and links against base, once each', () => {
    const record = pageWith(
      '<base href="/b/"><link rel="canonical" href="c">',
      '<a href="d">one</a><a href="d#x">two</a><a rel="NoFollow UGC" href="e"></a>',
    )
    expect(record.canonicalUrl).toBe('https://site.example/b/c')
    expect(record.links).toEqual([
      { url: 'https://site.example/b/d', text: 'one', rel: null },
      { url: 'https://site.example/b/e', text: '', rel: 'nofollow ugc' },
    ])
  })

  it('cuts at whole characters', () => {
    expect(fact('ab😀', 3)).toBe('ab')
    expect(fact('ab😀', 4)).toBe('ab😀')
    expect(cutAtBlock('one\n\ntwo\n\nthree', 9)).toBe('one\n\ntwo')
    expect(cutAtBlock('😀😀😀', 9)).toBe('😀😀')
  })
})

describe('compareWebPages', () => {
  const text = Array.from({ length: 40 }, (_, i) => `${prose.slice(0, -1)} in the year ${1700 + i}, said miller number ${i * 13}.`)
  const page = (lines: string[], title: string | null = 'Stones') => ({ title, text: lines.join('\n\n') })
  const whole = page(text)
  const rules = { sameLanes: 64, containmentPpm: 700_000, sentencePpm: 600_000 }

  it('finds equal and nearly equal pages the same', () => {
    expect(compareWebPages(whole, whole, rules)).toEqual({
      same: true,
      lanes: 128,
      containmentPpm: 1_000_000,
      sameTitle: true,
      sentencePpm: 1_000_000,
    })
    expect(compareWebPages(whole, page([...text.slice(0, 38), 'Something new was added to the page today.']), rules).same).toBe(true)
  })

  it('accepts a page that grew around the text, not a text grown around a page', () => {
    const grown = page([...text, ...text.map((line, i) => `Later ${i}: ${line.split(' ').toReversed().join(' ')}`)], null)
    expect(compareWebPages(page(text, null), grown, rules).same).toBe(true)
    const padded = page([...text.slice(0, 5), ...text.map((line) => line.split(' ').toReversed().join(' '))], null)
    expect(compareWebPages(padded, page(text.slice(0, 5), null), rules).same).toBe(false)
  })

  it('takes title and most sentences where shingles break', () => {
    const commented = page(text.map((line, i) => (i % 3 === 0 ? `Replaced line with other words entirely, number ${i}.` : line)))
    const strict = { sameLanes: 129, containmentPpm: 1_000_001, sentencePpm: 600_000 }
    expect(compareWebPages(whole, commented, strict)).toMatchObject({ same: true, sentencePpm: 650_000 })
    expect(compareWebPages(whole, { ...commented, title: 'Other' }, strict).same).toBe(false)
    expect(compareWebPages(whole, { ...commented, title: null }, strict).same).toBe(false)
  })

  it('finds fabricated and empty pages different', () => {
    expect(compareWebPages(whole, page(['This page was never like the other one at all, in no sentence of it.']), rules).same).toBe(false)
    expect(compareWebPages(whole, { title: 'Stones', text: '' }, rules).same).toBe(false)
    expect(compareWebPages({ title: 'Stones', text: '' }, whole, rules).same).toBe(false)
  })
})

describe('hostile HTML', () => {
  const bombs: [name: string, html: string, outcome: string][] = [
    ['depth', '<div>'.repeat(100_000), 'TOO_DEEP'],
    ['elements', '<b>x</b>'.repeat(200_000), 'TOO_LARGE'],
    ['size', 'x'.repeat(5 << 20), 'TOO_LARGE'],
    ['attributes', `<a ${Array.from({ length: 100_000 }, (_, i) => `a${i}`).join(' ')}>x</a>`, 'TOO_LARGE'],
    ['unclosed comments', '<!--'.repeat(500_000), 'NO_CONTENT'],
    ['nothing but angle brackets', '<'.repeat(2 << 20), 'none'],
    ['entities', `<p>${'&amp;'.repeat(500_000)}`, 'none'],
    ['numeric entities', `<p>${'&#x10FFFF;&#0;&#xD800;'.repeat(100_000)}`, 'none'],
    ['one endless word', `<p>${'a'.repeat(3 << 20)}`, 'none'],
    ['endless space', `<p>${' \u00a0'.repeat(1 << 20)}x`, 'none'],
    ['combining marks', `<p>a${'\u0301'.repeat(1 << 20)}`, 'none'],
    ['nested quotes', `${'<blockquote>'.repeat(200)}<p>${`${prose} `.repeat(2000)}`, 'none'],
    ['nested lists', '<ul><li>item of the list '.repeat(110), 'none'],
    ['nested tables', `${'<table><tr><td>'.repeat(60)}${`${prose} `.repeat(100)}`, 'none'],
    ['many links', Array.from({ length: 20_000 }, (_, i) => `<a href="/p${i}">link ${i}</a>`).join(''), 'NO_CONTENT'],
    ['endless class names', `<p class="${'related-'.repeat(200_000)}">${prose}</p>`, 'none'],
    ['backticks', `<p>${'<code>`````</code>'.repeat(20_000)}`, 'none'],
    ['microdata', `<div itemscope>${'<b itemscope itemprop="a"><i itemprop=b>x</i>'.repeat(100)}${prose}`, 'none'],
    ['open brackets in data', `<script type="application/ld+json">${'['.repeat(90_000)}</script><p>${prose}`, 'none'],
  ]

  it.each(bombs)('%s', (_, html, outcome) => {
    expect(code(() => webPageRecord.parse(recordOf(html)))).toBe(outcome)
  })

  it('keeps every record within its schema and 1 MiB, for any markup', () => {
    const tag = fc.constantFrom(
      'p',
      'div',
      'a href="/x"',
      'table',
      'tr',
      'td',
      'ul',
      'li',
      'h2',
      'pre',
      'b',
      'br',
      'script',
      '/p',
      '/div',
      '/table',
      'blockquote',
      'noscript',
      'title',
      'span itemscope itemprop="x"',
    )
    const piece = fc.oneof(
      tag.map((name) => `<${name}>`),
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constant(prose),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const html = pieces.join('').toWellFormed()
        const refused = code(() => {
          const { record, bytes } = extractWebPage(html, base)
          webPageRecord.parse(record)
          if (bytes.byteLength > 1 << 20) throw new Error('too large')
        })
        expect(['none', 'NO_CONTENT', 'TOO_DEEP', 'TOO_LARGE']).toContain(refused)
      }),
      { numRuns: 300 },
    )
  })

  it('fences code by one backtick more than its longest run, however many runs there are', () => {
    const marked = (html: string) => recordOf(`<p>${prose} ${prose}</p>${html}`).markdown.slice(2 * prose.length + 3)
    expect(marked(`<p><code>${'`a'.repeat(190_000)}</code>`)).toMatch(/^`` (?:`a){190000} ``$/)
    expect(marked('<p><code>a``b`</code>')).toBe('``` a``b` ```')
    expect(marked('<pre>a``b</pre>')).toBe('```\na``b\n```')
    expect(marked('<pre>a```b</pre>')).toBe('````\na```b\n````')
  })

  it('does not let a page name its way into objects', () => {
    pageWith(
      '<script type="application/ld+json">{"__proto__":{"polluted":1}}</script>',
      '<div itemscope><i itemprop="__proto__">x</i></div>',
    )
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('places what stands in an open head, and one body only', () => {
    const { root } = parseHtml('<html><head><title>t</title><p>text<body>one<body>two')
    const [html] = root.children
    expect(typeof html === 'object' && html.children.map((child) => (typeof child === 'string' ? child : child.name))).toEqual([
      'head',
      'p',
      'body',
    ])
    expect(recordOf(`<html><head><title>t</title><p>${prose}`).text).toBe(prose)
  })
})

describe('what reads like text', () => {
  const page = (body: string): string => recordOf(`<html><body>${body}</body></html>`).text

  it('is as short in Chinese, Japanese and Korean as their writing is', () => {
    const sentences = [
      '下の石は動かず、上の石だけが静かに回り続ける。',
      '穀物はその間で砕かれて粉になり、縁から落ちる。',
      '石の溝は年に一度、職人が手で刻み直している。',
    ]
    const section = (title: string, inside: string): string => `<div class="section"><h2>${title}</h2>${inside}</div>`
    const long = `<p>${sentences.join('').repeat(2)}</p>`.repeat(3)
    const short = sentences.map((one, i) => `<p>${i + 1}番。${one}</p>`).join('')
    const text = page(`<div>${section('石臼', long)}${section('手入れ', short)}</div>`)
    for (const kept of ['1番。', '2番。', '3番。']) expect(text).toContain(kept)
  })

  it('is no link for standing behind a named anchor, also one that XHTML closed at once', () => {
    const rows = ['stone', 'grain', 'flour'].map((name) => `<tr><td>${name}</td><td>what the ${name} is for</td></tr>`).join('')
    const text = page(
      `<div><h2><a name="one">The first part</a></h2><p>${prose}</p><h2><a id="two"/>The second part</h2><p>${prose}</p>
      <div><a id="table"/><table><tr><th>name</th><th>use</th></tr>${rows}</table></div></div>`,
    )
    for (const kept of ['The first part', 'The second part', 'what the grain is for']) expect(text).toContain(kept)
    // where it leads somewhere, or a script makes it a button, it is
    const list = ['one', 'two', 'three'].map((name) => `<li><a onclick="go()" id="${name}">to part ${name}</a></li>`).join('')
    expect(page(`<div><p>${prose}</p><p>${prose}</p><ul>${list}</ul></div>`)).not.toContain('to part two')
  })

  it('keeps headings that stand one under another over one text, and no heading whose text is gone', () => {
    const text = page(
      `<div><p>${prose}</p><h4>grind(stone)</h4><h4>grind(stone, grain)</h4><p>${prose}</p>
      <h4>Read more</h4><ul><li><a href="/1">another mill</a></li><li><a href="/2">a third one</a></li></ul>
      <h4>sift(flour)</h4><p>${prose}</p><h4>Related</h4><h4>Newest</h4></div>`,
    )
    for (const kept of ['grind(stone)\n\ngrind(stone, grain)', 'sift(flour)']) expect(text).toContain(kept)
    for (const gone of ['Read more', 'another mill', 'Related', 'Newest']) expect(text).not.toContain(gone)
  })

  it('is no slogan, no version and no line about rights beside a page of links', () => {
    const links = Array.from({ length: 12 }, (_, i) => `<li><a href="/${i}">chapter ${i} of the book</a></li>`).join('')
    const scraps = '<p>Slow. Heavy. Reliable.</p><p>Version 1.2</p><p>Copyright © 1997-2026 The Mill. All rights reserved.</p>'
    const near = (body: string): string => code(() => page(`<div><ul>${links}</ul></div><div>${body}</div>`))
    expect(near(scraps)).toBe('NO_CONTENT')
    expect(near(`${scraps}<p>${prose}</p>`)).toBe('none')
    // a line under the page's heading is what the page says, and no other short one
    expect(near('<h1>toggle()</h1><p>Toggle a bit of a number.</p>')).toBe('none')
    expect(near(`<h1>石臼</h1><p>三十元</p><p>小さな青い石臼、塩と胡椒用。</p>`)).toBe('none')
    expect(near(`<h1>Mill</h1><p>Moved <a href="/there">to where all the others are by now</a>.</p><h2>Rights</h2>${scraps}`)).toBe(
      'NO_CONTENT',
    )
    // a short line by itself is what the page says, and a short one of ideographs is a paragraph
    expect(page('<h1>Mill</h1><p>The issue for this feature is: 42.</p>')).toBe('The issue for this feature is: 42.')
    expect(near('<p>下の石は動かず、上の石だけが静かに回り続ける。</p>')).toBe('none')
  })

  it('takes a manual’s box between its paragraphs for text, and a bar of links or beside no text for none', () => {
    const box =
      '<div class="sidebar"><p class="title"><b>On stones</b></p><div class="para">The box says what the stones are made of, and nobody skips it.</div></div>'
    expect(page(`<div><div class="para">${prose}</div>${box}<div class="para">${prose} ${prose}</div></div>`)).toContain(
      'what the stones are made of',
    )
    const links =
      '<p>Read <a href="/1">what other people say of stones and of mills</a> and <a href="/2">what else there is to read here</a>.</p>'
    expect(page(`<div><p>${prose}</p><div class="sidebar">${links}</div><p>${prose}</p></div>`)).not.toContain('other people')
    expect(page(`<div><div class="main"><p>${prose}</p><p>${prose}</p></div>${box}</div>`)).not.toContain('what the stones are made of')
  })
})
