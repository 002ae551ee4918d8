/** What attributes say of an element: page furniture or content, hidden or not. Bits on every element, found once per page. */
import type { Document, Element } from './dom.ts'
import { HEADING } from './tags.ts'
import { asciiLower } from './text.ts'

/** Bits of `Element.traits`. Strong names mean furniture wherever they stand… */
export const STRONG = 1
/** …weak ones only where no word speaks for content. */
export const WEAK = 2
export const POSITIVE = 4
export const TEASER = 8
/** What leads into an article. */
export const LEAD = 16
export const HIDDEN = 32
export const FURNITURE_ROLE = 64
export const ARTICLE_BODY = 128
/** Names whoever wrote the page. */
export const BYLINE = 256
/** A figure that is a table, code or a quotation. */
export const FIGURE_OF_TEXT = 512
/** Around preformatted text. */
export const HOLDS_CODE = 1024

/** A bar of the site, or a box of a manual. */
export const SIDEBAR = 2048

/** Has `itemprop` or `itemscope`. */
export const ITEM = 4096

/** Class and id parts, matched on names lower-cased and joined by spaces. */
const strongNames =
  /(^|[ _-])(comments?|commentlist|kommentare?|comentarios|commentaires|disqus\w*|respond|related\w*|verwandt\w*|recommend\w*|share\w*|sharing|social\w*|sociable|newsletter\w*|subscribe\w*|cookies?\w*|consent|gdpr|footer|fuss|fusszeile|breadcrumbs?|pagination|pager|postmeta\w*|entry-(meta|utility)|metadata|authorbox|author-(box|bio|info|desc\w*|card)|saboxplugin\w*|byline|about-author|tags|tagcloud|taglist|tag-list|likes?|rating|bewertung\w*|votes?|taboola|outbrain|advert\w*|adsense|anzeige\w*|sponsor\w*|promo\w*|sidebar\w*|caption|legend|bildunterschrift|dida|credits?|copyright|disclosure|wp_rp|skyscraper|toc|cta|subnav|masthead|post-?profile|post-?author|post-signature|poster-?info|message-user|message-signature|signature)([ _-]|$)/
const weakNames =
  /(^|[ _-])(ad|ads|banner|foot|menu\w*|nav|navi|navbar|navigation|popup|modal|overlay|rss|shar|side|skip|toolbar|tooltip|(?<!elementor-)widgets?|login|register|search\w*|suche|sitemap|meta|disclaimer|hidden|noprint|no-print|author\w*|autor\w*|language\w*|lang|tag)([ _-]|$)|(^| )(site-?|page-?|main-?|global-?|top-?)?header( |$)/
const positiveNames =
  /(^|[ _-])(article\w*|artikel\w*|body|content\w*|entry|hentry|inhalt\w*|main\w*|page|post|posttext|story\w*|text|blog|beitrag\w*|news-?text|copy|editorial|richtext|wysiwyg|prose|markdown)([ _-]|$)/

const teaserNames = /(^|[ _-])teasers?([ _-]|$)/
const leadNames =
  /(^|[ _-])(lead|lede|intro\w*|teaser(-?text)?|vorspann|standfirst|sub-?(title|headline|head|line)|deck|excerpt|summary|abstract|chapo|einleitung|anriss|hero|description|entradilla|bajada|sumario|sommario|ingress)([ _-]|$)/
const bylineNames = /(^|[ _-])(byline|author|autor|auteur)([ _-]|$)/

const FURNITURE_ROLES = new Set(
  'navigation banner complementary contentinfo dialog alertdialog search menu menubar toolbar tablist'.split(' '),
)

/** Some pages set whole paragraphs as headings. */
const LONGEST_HEADING = 150

/** A heading by name and by length. */
export const isHeading = ({ flags, ownChars }: Element): boolean => (flags & HEADING) !== 0 && ownChars <= LONGEST_HEADING

/** Whether the element or the one around it is named as what leads into an article. */
export const isLead = ({ traits, parent }: Element): boolean => ((traits | (parent?.traits ?? 0)) & LEAD) !== 0

/** Sets the traits of all elements. */
export function describe({ elements }: Document): void {
  for (const element of elements) {
    const { attributes, name } = element
    if (name === 'table' || name === 'pre' || name === 'blockquote') markAround(element)
    if (attributes.length === 0) continue
    let traits = 0
    let names = ''
    let id = ''
    for (let i = 0; i < attributes.length; i += 2) {
      const value = attributes[i + 1] ?? ''
      switch (attributes[i]) {
        case 'class':
          names = value.slice(0, 300)
          if (NUMBERED.has(name) && LINE_NUMBERS.test(names)) traits |= HIDDEN
          break
        case 'id':
          id = ownId(value)
          break
        case 'role':
          if (FURNITURE_ROLES.has(value)) traits |= FURNITURE_ROLE
          break
        case 'itemprop':
          traits |= value === 'articleBody' ? ITEM | ARTICLE_BODY : ITEM
          break
        case 'itemscope':
          traits |= ITEM
          break
        case 'hidden':
          traits |= HIDDEN
          break
        case 'aria-hidden':
          if (value === 'true') traits |= HIDDEN
          break
        case 'style':
          if (HIDING.test(value.slice(0, 300))) traits |= HIDDEN
      }
    }
    if (names !== '') traits |= nameTraits(names)
    if (id !== '') traits |= nameTraits(id)
    element.traits |= traits
  }
}

/** Tells the elements around a table, code or a quotation. */
function markAround(element: Element): void {
  let at = element.parent
  for (let level = 0; at !== null && level < 4; level++, at = at.parent) {
    if (at.name === 'figure') at.traits |= FIGURE_OF_TEXT
    if (element.name === 'pre' && level < 3) at.traits |= HOLDS_CODE
  }
}

/** Numbers of lines beside code; `gutter` is a word of page grids too, so the element must be one that numbers stand in. */
const LINE_NUMBERS = /(^|[ _-])(linenos?|lineno|gutter|hljs-ln-numbers|blob-num|linenumber)( |$)/
const NUMBERED = new Set(['td', 'th', 'pre', 'span', 'a'])

const HIDING = /(^|[;\s])(display\s{0,4}:\s{0,4}none|visibility\s{0,4}:\s{0,4}hidden)/i

/** An id of many words is a heading's anchor: its words are the text's, not the site's. */
function ownId(id: string): string {
  let words = 1
  for (let i = 0; i < id.length; i++) if (id.charCodeAt(i) === 0x2d && ++words > MOST_ID_WORDS) return ''
  return id.slice(0, 100)
}
const MOST_ID_WORDS = 3

/** The pages of a site share their names: what was found for one is remembered, until another takes its place. */
const PLACES = 8192
const remembered = { names: Array<string>(PLACES).fill(''), traits: new Uint16Array(PLACES) }

/** By the last units, where names differ most. A map's own hash costs more: names are cut out of their page anew every time, so none is known. */
function placeOf(names: string): number {
  let hash = names.length
  for (let i = Math.max(0, names.length - 8); i < names.length; i++) hash = Math.imul(hash ^ names.charCodeAt(i), 0x01000193)
  return (hash ^ (hash >>> 15)) & (PLACES - 1)
}

function nameTraits(names: string): number {
  const place = placeOf(names)
  if (remembered.names[place] === names) return remembered.traits[place] as number
  const traits = traitsOf(asciiLower(names.replace(/([a-z])([A-Z])/g, '$1-$2')))
  remembered.names[place] = copyOf(names)
  remembered.traits[place] = traits
  return traits
}

/** In memory of its own: what is cut out of a page keeps all of that page's text alive. */
const copyOf = (text: string): string => JSON.parse(JSON.stringify(text)) as string

function traitsOf(words: string): number {
  return (
    (strongNames.test(words) ? STRONG : 0) |
    (weakNames.test(words) ? WEAK : 0) |
    (positiveNames.test(words) ? POSITIVE : 0) |
    (teaserNames.test(words) ? TEASER : 0) |
    (leadNames.test(words) ? LEAD : 0) |
    (bylineNames.test(words) ? BYLINE : 0) |
    (words === 'sidebar' ? SIDEBAR : 0) |
    // what MathJax 2 draws beside the formula's source
    (/(^| )math-jax(-|_| |$)/.test(words) ? HIDDEN : 0)
  )
}
