/** What a crawler meets besides pages: redirects that never end, lies about types, floods, traps, a slow and a busy page. */
import type { Link } from './markdown.ts'

export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | Uint8Array
  delayMs?: number
}
export type Odd = (context: { link: Link; path: string; visits: number; slowMs: number }) => Answer

const html = (body: string, status = 200): Answer => ({ status, headers: { 'content-type': 'text/html; charset=utf-8' }, body })
const redirect = (location: string, status = 301): Answer => ({
  status,
  headers: { location, 'content-type': 'text/html' },
  body: `<a href="${location}">moved</a>`,
})

/** By `label path`; a path that ends with `*` stands for all that begin so. */
export const oddities: Record<string, Odd> = {
  'blog /old-address': ({ link }) => redirect(link('/patience-of-stone')),
  'blog /moved-to-the-manual': ({ link }) => redirect(link('docs:/guide/first-grind'), 302),
  'blog /into-the-closed-room': ({ link }) => redirect(link('closed:/firing-log'), 302),
  'blog /loop/here': ({ link }) => redirect(link('/loop/there'), 302),
  'blog /loop/there': ({ link }) => redirect(link('/loop/here'), 302),
  'blog /round/*': ({ link, path }) => redirect(link(`/round/${Number(path.split('/').at(-1)) + 1}`), 307),
  'blog /inside': () => redirect('http://169.254.169.254/latest/meta-data/', 302),
  'docs /huge': () => html(hugeTable()),
  'docs /deep': () =>
    html(`<title>Deep</title>${'<div>'.repeat(4000)}<p>At the bottom of the stair lies one sentence.</p>${'</div>'.repeat(4000)}`),
  'docs /empty': () => html(''),
  'docs /press-kit.pdf': ({ link }) => ({
    ...html(`<title>Press kit</title><p>Not a PDF at all. <a href="${link('/')}">Back</a></p>`),
    headers: { 'content-type': 'application/pdf' },
  }),
  'docs /drawing.html': () =>
    html('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n'),
  'docs /torn': () => html(TORN),
  'shop /gone': () => html('<h1>No longer sold</h1>', 410),
  'shop /calendar/*': ({ link, path }) => {
    const month = Number(path.split('/').at(-1)) || 1
    return html(
      `<title>Opening hours, month ${month}</title><p>Open as ever.</p><a href="${link(`/calendar/${month + 1}`)}">next month</a> <a href="${link(`/calendar/${month + 12}`)}">next year</a>`,
    )
  },
  'forum /slow-thread': ({ link, slowMs }) => ({
    ...html(`<title>Slow thread</title><p>This page takes its time. <a href="${link('/')}">Back to the pond</a></p>`),
    delayMs: slowMs,
  }),
  'forum /busy': ({ visits }) =>
    visits === 1
      ? { status: 429, headers: { 'retry-after': '1', 'content-type': 'text/plain' }, body: 'one moment' }
      : html('<title>Busy no more</title><p>The wheel was jammed for a moment and now it turns again.</p>'),
}

/** About 2 MB of one table, made on the fly. */
function hugeTable(): string {
  const grains = ['wheat', 'rye', 'barley', 'oats', 'spelt', 'millet', 'emmer', 'buckwheat']
  const rows = Array.from({ length: 24_000 }, (_, i) => {
    const grain = grains[(i * 7 + (i >> 5)) % grains.length] as string
    return `<tr><td>${i + 1}</td><td>${grain}</td><td>${((i * 7919) % 1800) + 200} kg</td><td>${(i * 104_729) % 360} min</td></tr>`
  })
  return `<!doctype html><title>Every sack since the wheel was hung</title><h1>Every sack since the wheel was hung</h1><table>${rows.join('\n')}</table>`
}

/** Tags that never close, attributes without quotes, a stray end, an entity that is none. */
const TORN = `<html><head><title>A torn page</title><body><h1>A torn page
<p>Somebody saved this page while the roof was leaking, and half of its tags <b>never came <i>back.
<p>It still says something worth keeping: the upper stone was dressed in spring, the lower one in autumn, and between them the
flour came out cool & fine &nosuch; as it should. <a href=/guide/first-grind class=x y>The manual knows more</a
<table><tr><td>one<td>two<tr><td>three
<p>Readers who mend pages for a living will find </div></span></table> nothing strange here. <!-- an unfinished comment
`
