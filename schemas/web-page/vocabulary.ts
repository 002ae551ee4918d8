/** Words that tell page furniture from content: element names, ARIA roles, and parts of class and id names. */
import type { Element } from './dom.ts'
import { asciiLower } from './text.ts'

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

/** Never text of the page. */
export const NEVER = set(
  'script style template svg math iframe object embed canvas audio video map area head title meta link base input select option optgroup textarea button datalist output progress meter dialog frame frameset applet param source track',
)
/** Furniture by name; left out unless nothing else is found. */
export const FURNITURE = set('nav footer aside menu form')
export const BLOCKS = set(
  'address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul caption',
)
export const HEADINGS = set('h1 h2 h3 h4 h5 h6')
/** Some pages set whole paragraphs as headings. */
const LONGEST_HEADING = 150

/** A heading by name and by length. */
export function isHeading({ name, ownChars }: Element): boolean {
  return HEADINGS.has(name) && ownChars <= LONGEST_HEADING
}

const FURNITURE_ROLES = set('navigation banner complementary contentinfo dialog alertdialog search menu menubar toolbar tablist')

/** Class and id parts, matched on names lower-cased and joined by spaces. Strong ones name furniture wherever they stand… */
const STRONG =
  /(^|[ _-])(comments?|commentlist|kommentare?|comentarios|commentaires|disqus\w*|respond|related\w*|verwandt\w*|recommend\w*|share\w*|sharing|social\w*|sociable|newsletter\w*|subscribe\w*|cookies?\w*|consent|gdpr|footer|fuss|fusszeile|breadcrumbs?|pagination|pager|postmeta\w*|entry-(meta|utility)|metadata|authorbox|author-(box|bio|info|desc\w*|card)|saboxplugin\w*|byline|about-author|tags|tagcloud|taglist|tag-list|likes?|rating|bewertung\w*|votes?|taboola|outbrain|advert\w*|adsense|anzeige\w*|sponsor\w*|promo\w*|sidebar\w*|caption|legend|bildunterschrift|dida|credits?|copyright|disclosure|wp_rp|skyscraper|toc|cta|subnav|masthead)([ _-]|$)/
/** …weak ones only where no word speaks for content. */
const WEAK =
  /(^|[ _-])(ad|ads|banner|foot|menu\w*|nav|navi|navbar|navigation|popup|modal|overlay|rss|shar|side|skip|toolbar|tooltip|(?<!elementor-)widgets?|login|register|search\w*|suche|sitemap|meta|disclaimer|hidden|noprint|no-print|author\w*|autor\w*|language\w*|lang|tag)([ _-]|$)|(^| )(site-?|page-?|main-?|global-?|top-?)?header( |$)/
const POSITIVE =
  /(^|[ _-])(article\w*|artikel\w*|body|content\w*|entry|hentry|inhalt\w*|main\w*|page|post|posttext|story\w*|text|blog|beitrag\w*|news-?text|copy|editorial|richtext|wysiwyg|prose|markdown)([ _-]|$)/

const TEASER = /(^|[ _-])teasers?([ _-]|$)/
const LEAD =
  /(^|[ _-])(lead|lede|intro\w*|teaser(-?text)?|vorspann|standfirst|sub-?(title|headline|head|line)|deck|excerpt|summary|abstract|chapo|einleitung|anriss|hero|description|entradilla|bajada|sumario|sommario|ingress)([ _-]|$)/

export interface NameHints {
  strong: boolean
  weak: boolean
  positive: boolean
  teaser: boolean
}

/** What class and id say; bounded, because names may be as long as the page. */
export function nameHints(element: Element): NameHints {
  const names = namesOf(element)
  return names === ''
    ? noHints
    : { strong: STRONG.test(names), weak: WEAK.test(names), positive: POSITIVE.test(names), teaser: TEASER.test(names) }
}
const noHints: NameHints = { strong: false, weak: false, positive: false, teaser: false }

/** Whether the element or the one around it is named as what leads into an article. */
export function isLead(element: Element): boolean {
  return LEAD.test(namesOf(element)) || (element.parent !== null && LEAD.test(namesOf(element.parent)))
}

function namesOf({ attribs: { class: classes = '', id = '' } }: Element): string {
  // an id of many words is a heading's anchor: its words are the text's, not the site's
  const own = id.split('-', MOST_ID_WORDS + 1).length > MOST_ID_WORDS ? '' : id
  if (classes === '' && own === '') return ''
  return asciiLower(`${classes.slice(0, 300)} ${own.slice(0, 100)}`.replace(/([a-z])([A-Z])/g, '$1-$2'))
}
const MOST_ID_WORDS = 3

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
