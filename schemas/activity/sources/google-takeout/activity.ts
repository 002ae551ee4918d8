import { type Draft, dropped, type Found } from '../../draft.ts'
import { ExportError } from '../../errors.ts'
import { isMap } from '../../guarded-hosts.ts'
import { fieldsOf, jsonValues, listOf, stringOf, textOf, textOfHtml, unescaped } from '../../read/index.ts'
import type { FileKind } from '../../source.ts'
import { parseLocalTime, parseTime } from '../../times.ts'
import { readTitle } from './titles.ts'

/** `From Google Ads`, `Von Google Anzeigen`. */
const AD = /Google.{0,3}(?:Ads|Anzeigen|Annonces|Anuncios|Annunci|Advertenties|Reklam|Annonser|Реклам|広告|광고|广告)/i

/** Where somebody went is kept as a rounded place, from the files of places; these rows hold names and addresses of it. */
const MAPS =
  /^(?:Google\s?)?(?:Maps(?: Timeline)?|Maps\s?[-–(].*|Mapy|Mapas|Mapes|Kaarten|Kartor|Kart|Kort|Térkép|Hărți|Карты|Карти|Χάρτες|Haritalar|מפות|خرائط|แผนที่|マップ|지도|地图|地圖|Bản đồ|Location History|Timeline)(?:\s?Google)?$/i

/** A row of a page is a kilobyte. */
const MOST_CELL_UNITS = 65_536

interface Activity {
  header: string | undefined
  title: string
  url: string | undefined
  channel: string | undefined
  timeMs: number | undefined
  isAd: boolean
  /** Further addresses of the row. */
  links?: readonly string[]
}

/** `watch-history.json`, `search-history.json`, `MyActivity.json`, under whatever name. */
export const activityJson: FileKind = {
  name: 'activity-json',
  path: /\.json$/,
  head: /^\s*\[\s*\{[\s\S]*?"(?:titleUrl|products|header)"\s*:/,
  weight: 3,
  async *events(file) {
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        if (path.length > 0) continue
        const row = fieldsOf(value)
        const title = stringOf(row['title'])
        yield title === undefined
          ? dropped('empty')
          : draftOf({
              header: stringOf(row['header']),
              title,
              url: stringOf(row['titleUrl']),
              channel: stringOf(fieldsOf(listOf(row['subtitles'])[0])['name']),
              timeMs: parseTime(row['time']),
              links: listOf(row['subtitles']).flatMap((one) => stringOf(fieldsOf(one)['url']) ?? []),
              isAd: listOf(row['details']).some((detail) => AD.test(stringOf(fieldsOf(detail)['name']) ?? '')),
            })
      }
  },
}

/** The same as pages to read. */
export const activityHtml: FileKind = {
  name: 'activity-html',
  path: /\.html?$/,
  head: /class="(?:outer-cell|mdl-grid|content-cell)/,
  weight: 3,
  async *events(file) {
    let rest = ''
    let begun = false
    for await (const piece of textOf(file)) {
      rest += piece
      const cells = rest.split(/<div class="outer-cell/)
      rest = cells.pop() ?? ''
      if (rest.length > 4 << 20) throw new ExportError('BAD_HTML', 'a page of this export has no rows within four million characters')
      for (const cell of cells) {
        if (begun) yield cellOf(cell)
        begun = true
      }
    }
    if (begun && rest !== '') {
      if (!/<\/div>/.test(rest)) throw new ExportError('TRUNCATED', 'a file of this export ends in the middle; fetch the export again')
      yield cellOf(rest)
    }
  },
}

function cellOf(cell: string): Found {
  const html = cell.slice(0, MOST_CELL_UNITS)
  const header = /<p class="mdl-typography--title"[^>]*>([\s\S]*?)(?:<br|<\/p)/.exec(html)?.[1]
  const body = /<div class="content-cell[^"]*mdl-typography--body-1"[^>]*>([\s\S]*?)<\/div>/.exec(html)?.[1]
  if (body === undefined) return dropped('empty')
  const lines = body.split(/<br\s*\/?>/).filter((line) => line.trim() !== '')
  const [first = ''] = lines
  const links = [...body.matchAll(/<a href="([^"]{1,4000})"[^>]*>([\s\S]*?)<\/a>/g)]
  const title = textOfHtml(first)
  if (title === '') return dropped('empty')
  const url = links[0] && first.includes(links[0][0]) ? unescaped(links[0][1] ?? '') : undefined
  const channel = links[1] && !first.includes(links[1][0]) ? textOfHtml(links[1][2] ?? '') : undefined
  const time = lines
    .toReversed()
    .map(textOfHtml)
    .map((line) => parseLocalTime(line, /[ap]\.?\s?m/i.test(line) ? 'mdy' : 'dmy'))
    .find((ms) => ms !== undefined)
  return draftOf({
    header: header && textOfHtml(header),
    title,
    url,
    channel,
    timeMs: time,
    links: links.map((link) => unescaped(link[1] ?? '')),
    isAd: AD.test(textOfHtml(html.slice(html.indexOf(body) + body.length))),
  })
}

function draftOf({ header, title, url, channel, timeMs, isAd, links = [] }: Activity): Found {
  if (isAd) return dropped('ad')
  if (MAPS.test(header ?? '') || isMap(url) || links.some(isMap)) return dropped('private-place')
  const link = url === undefined ? null : URL.parse(url)
  const query =
    link && /\/(?:search|results)$/.test(link.pathname) ? (link.searchParams.get('q') ?? link.searchParams.get('search_query')) : null
  const read = readTitle(title)
  const base = { timeMs, context: channel ?? header }
  if (query !== null && query.trim() !== '') return { ...base, context: header, type: 'Search', kind: 'query', text: query }
  if (read.type === 'Search') return { ...base, context: header, type: 'Search', kind: 'query', text: read.name }
  const isVideo = link !== null && /(?:^|\.)(?:youtube\.com|youtu\.be)$/.test(link.hostname)
  // a video that is gone has its address as its title, or none at all
  const name = /^https?:\/\//.test(read.name) ? undefined : read.name
  if (isVideo || (link === null && /youtube/i.test(header ?? ''))) {
    if (link === null) return dropped('empty')
    return { ...base, type: read.type ?? 'View', kind: link.hostname.startsWith('music.') ? 'track' : 'video', name, url } satisfies Draft
  }
  // a redirect's own address says nothing; where it leads to does
  const target =
    link && /(?:^|\.)google\.[a-z.]+$/.test(link.hostname) && link.pathname === '/url'
      ? (link.searchParams.get('q') ?? link.searchParams.get('url'))
      : null
  return { ...base, type: read.type ?? 'View', kind: link === null ? 'thing' : 'page', name, url: target ?? url }
}
