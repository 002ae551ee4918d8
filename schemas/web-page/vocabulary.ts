/** Words that tell page furniture from content: element names, ARIA roles, and parts of class and id names. */
import type { Element } from './dom.ts'
import { asciiLower } from './text.ts'

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

/** Never text of the page. */
export const NEVER = set(
  'script style noscript template svg math iframe object embed canvas audio video map area head title meta link base input select option optgroup textarea button datalist output progress meter dialog frame frameset applet param source track',
)
/** Furniture by name; left out unless nothing else is found. */
export const FURNITURE = set('nav footer aside menu form')
export const BLOCKS = set(
  'address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul caption',
)
export const HEADINGS = set('h1 h2 h3 h4 h5 h6')

const FURNITURE_ROLES = set('navigation banner complementary contentinfo dialog alertdialog search menu menubar toolbar tablist')

/** Class and id parts of furniture; matched on names lower-cased and joined by spaces. */
const NEGATIVE =
  /(^|[ _-])(ad|ads|advert\w*|adsense|banner|breadcrumbs?|byline|comments?|kommentare?|respond|disqus\w*|cookies?\w*|consent|gdpr|footer|foot|fuss|fusszeile|header|masthead|menu\w*|nav|navi|navbar|navigation|newsletter|outbrain|taboola|pager|pagination|popup|modal|overlay|promo\w*|related\w*|recommend\w*|rss|share\w*|sharing|shar|social\w*|sidebar\w*|side|skip|skyscraper|sponsor\w*|subscribe|tags?|tagcloud|teasers?|toolbar|tooltip|widgets?|login|register|search\w*|suche|sitemap|meta|metadata|postmeta|caption|credits?|copyright|disclaimer|hidden|print|noprint|no-print|weiterlesen|verwandt\w*|author\w*|autor\w*|rating|bewertung\w*|votes?|toc|infobox|language\w*|lang)([ _-]|$)/
const POSITIVE =
  /(^|[ _-])(article\w*|artikel\w*|body|content\w*|entry|hentry|inhalt\w*|main\w*|page|post|posttext|story\w*|text|blog|beitrag\w*|news-?text|copy|editorial|richtext|wysiwyg|prose|markdown)([ _-]|$)/

export interface NameHints {
  negative: boolean
  positive: boolean
}

/** What class and id say; bounded, because names may be as long as the page. */
export function nameHints(element: Element): NameHints {
  const { class: classes = '', id = '' } = element.attribs
  if (classes === '' && id === '') return noHints
  const names = asciiLower(`${classes.slice(0, 300)} ${id.slice(0, 100)}`.replace(/([a-z])([A-Z])/g, '$1-$2'))
  return { negative: NEGATIVE.test(names), positive: POSITIVE.test(names) }
}
const noHints: NameHints = { negative: false, positive: false }

export function isFurnitureRole(element: Element): boolean {
  const role = element.attribs['role']
  return role !== undefined && FURNITURE_ROLES.has(role)
}

/** `hidden`, `aria-hidden`, and the two inline styles that hide. */
export function isHidden({ attribs }: Element): boolean {
  if (attribs['hidden'] !== undefined || attribs['aria-hidden'] === 'true') return true
  const style = attribs['style']
  return style !== undefined && /(^|[;\s])(display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}hidden)/i.test(style.slice(0, 300))
}
