/** What is known of an element by its name alone: one look-up while parsing, bits ever after. */
import { asciiLower } from './text.ts'

/** Bits of `Tag.flags`. */
export const BLOCK = 1
/** Never text of the page. */
export const NEVER = 2
/** Furniture by name; left out unless nothing else is found. */
export const FURNITURE = 4
export const HEADING = 8
/** Has no end tag. */
export const VOID = 16
/** Its neighbours are the next line, not the next paragraph. */
export const TIGHT = 32
/** A head may hold it; anything else begins the body. */
export const IN_HEAD = 64
/** A formula: one piece of the text, whatever it is made of. */
export const MATH = 128
export const CELL = 256
export const LIST = 512
export const CODE = 1024
/** What is read inside it depends on its being open. */
export const SCOPE = 2048
/** Looked for by name and attributes. */
export const SORTED = 4096

/** Names whose content is read as HTML again inside SVG or MathML. */
const INTEGRATION = 'mi mo mn ms mtext annotation-xml foreignobject desc title'

export interface Tag {
  readonly name: string
  readonly flags: number
  /** One bit of its own where a start tag may end it, and the bits of those that its start tag ends when they are innermost. */
  readonly bit: number
  readonly ends: number
}

const words: [flag: number, names: string][] = [
  [
    BLOCK,
    'address article aside blockquote body center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html li main menu nav ol p pre section summary table tbody td tfoot th thead tr ul caption',
  ],
  [
    NEVER,
    'script style template svg iframe object embed canvas audio video map area head title meta link base input select option optgroup textarea button datalist output progress meter dialog frame frameset applet param source track rt rp',
  ],
  [FURNITURE, 'nav footer aside menu form'],
  [HEADING, 'h1 h2 h3 h4 h5 h6'],
  [VOID, 'area base basefont br col command embed frame hr img input isindex keygen link meta param source track wbr'],
  [TIGHT, 'li tr tbody td th dt dd'],
  [IN_HEAD, 'title meta link base script style noscript template'],
  [MATH, 'math'],
  [CELL, 'td th'],
  [LIST, 'ul ol'],
  [CODE, 'code kbd samp tt'],
  [SORTED, 'a area link meta script time'],
  [SCOPE, `form pre svg math ${INTEGRATION}`],
  [0, 'a abbr b br cite del em font html i img ins label noscript q s small span strong sub sup time u var rp rt ruby annotation'],
]

/** End tags that HTML lets authors leave out, as htmlparser2's own parser has them. */
const ends: [names: string, ended: string][] = [
  ['tr', 'tr th td'],
  ['th', 'th'],
  ['td', 'thead th td'],
  ['body', 'head link script'],
  ['a', 'a'],
  ['li', 'li'],
  ['h1 h2 h3 h4 h5 h6', 'h1 h2 h3 h4 h5 h6 p'],
  ['select input output button datalist textarea', 'input option optgroup select button datalist textarea'],
  ['option', 'option'],
  ['optgroup', 'optgroup option'],
  ['dd dt', 'dd dt'],
  ['rt rp', 'rt rp'],
  ['tbody tfoot', 'thead tbody'],
  [
    'p address article aside blockquote details div dl fieldset figcaption figure footer form header hr main nav ol pre section table ul',
    'p',
  ],
]

type Entry = { -readonly [key in keyof Tag]: Tag[key] }
const known = new Map<string, Entry>()
const entry = (name: string): Entry => {
  const made: Entry = tagOf(name)
  known.set(name, made)
  return made
}
for (const [flag, names] of words) for (const name of names.split(' ')) entry(name).flags |= flag
let bit = 1
for (const [names, ended] of ends)
  for (const tag of ended.split(' ').map(entry)) {
    if (tag.bit === 0) {
      tag.bit = bit
      // 28 names are ended by others: they fit into a number's bits
      bit <<= 1
    }
    for (const name of names.split(' ')) entry(name).ends |= tag.bit
  }

/** By lower-case name. Names that nobody knows are not remembered: a page may invent as many as it likes. */
export function tagOf(name: string): Tag {
  return known.get(name) ?? { name, flags: 0, bit: 0, ends: 0 }
}

const integration = new Set(INTEGRATION.split(' '))
/** Whether what stands inside is foreign content, SVG or MathML; undefined for a name that changes nothing of it. */
export function isForeignInside(name: string): boolean | undefined {
  return name === 'svg' || name === 'math' ? true : integration.has(name) ? false : undefined
}

/** Known names by length and first letter, so that one is found in the page's text without cutting it out. */
class Names<T extends { readonly name: string }> {
  private readonly byStart: T[][] = Array.from({ length: 16 * 32 }, () => [])

  constructor(all: Iterable<T>) {
    for (const one of all) this.byStart[startOf(one.name.length, one.name.charCodeAt(0))]?.push(one)
  }

  /** What the lower-case name from here to there stands for; undefined for a name in other letters or unknown. */
  at(html: string, from: number, to: number): T | undefined {
    const length = to - from
    for (const one of this.byStart[startOf(length, html.charCodeAt(from))] as T[])
      if (one.name.length === length && html.startsWith(one.name, from)) return one
    return undefined
  }
}
const startOf = (length: number, first: number): number => ((length & 15) << 5) | (first & 31)

const tags = new Names<Tag>(known.values())
const attributes = new Names(
  'alt aria-hidden class colspan content datetime height hidden href id itemprop itemscope itemtype name property rel role rowspan src style title type value width'
    .split(' ')
    .map((name) => ({ name })),
)

/** The tag whose name stands there in the HTML. */
export function tagAt(html: string, from: number, to: number): Tag {
  return tags.at(html, from, to) ?? tagOf(asciiLower(html.slice(from, to)))
}

/** The attribute's name that stands there, in lower case; the frequent ones are always the same string, which is fast to compare. */
export function attributeAt(html: string, from: number, to: number): string {
  return attributes.at(html, from, to)?.name ?? asciiLower(html.slice(from, to))
}
