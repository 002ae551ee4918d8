/** What is known of an element by its name alone: one look-up while parsing, bits ever after. */

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

export interface Tag {
  readonly name: string
  readonly flags: number
  /** Open elements that its start tag ends, when they are innermost. */
  readonly ends: ReadonlySet<string> | null
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

const known = new Map<string, { name: string; flags: number; ends: ReadonlySet<string> | null }>()
const entry = (name: string): { name: string; flags: number; ends: ReadonlySet<string> | null } => {
  const made = known.get(name) ?? { name, flags: 0, ends: null }
  known.set(name, made)
  return made
}
for (const [flag, names] of words) for (const name of names.split(' ')) entry(name).flags |= flag
for (const [names, ended] of ends) for (const name of names.split(' ')) entry(name).ends = new Set(ended.split(' '))

/** By lower-case name. Names that nobody knows are not remembered: a page may invent as many as it likes. */
export function tagOf(name: string): Tag {
  return known.get(name) ?? { name, flags: 0, ends: null }
}

/** The few known names of one length and first letter, so that a tag is found in the page's text without cutting it out. */
const byStart: Tag[][] = Array.from({ length: 16 * 32 }, () => [])
const startOf = (length: number, first: number): Tag[] | undefined => byStart[((length & 15) << 5) | (first & 31)]
for (const tag of known.values()) startOf(tag.name.length, tag.name.charCodeAt(0))?.push(tag)

/** The tag whose lower-case name stands at `from` in the HTML; undefined for a name in other letters or unknown. */
export function tagAt(html: string, from: number, to: number): Tag | undefined {
  const tags = startOf(to - from, html.charCodeAt(from)) ?? []
  for (const tag of tags) if (tag.name.length === to - from && html.startsWith(tag.name, from)) return tag
  return undefined
}
