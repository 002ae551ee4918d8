/**
 * Which CSS selectors a charter may hold, and what each may cost. Every name here is ASCII and every pseudo-class is a plain one of the CSS
 * specification, so that a match depends neither on the engine's Unicode nor on an extension of the library's.
 */
import { AttributeAction, parse, type Selector, SelectorType, stringify } from 'css-what'
import type { Tree } from './dom.ts'
import { nearest } from './nearest.ts'

export interface SelectorProblem {
  code: 'BAD_SELECTOR' | 'UNKNOWN_PSEUDO_CLASS' | 'COSTLY_SELECTOR'
  message: string
  fix: string
}
type Size = Pick<Tree, 'elements' | 'depth' | 'children'>
export type Cost = (tree: Size) => number
export type CheckedSelector = { ok: true; cost: Cost } | { ok: false; problem: SelectorProblem }

/** The item itself, or the root of a page. */
export const SCOPE = ':scope'

/** Looks at the element alone, or at its direct neighbours. */
const CHEAP = ['first-child', 'last-child', 'empty', 'root']
/** Counts among siblings. */
const COUNTING = ['only-child', 'first-of-type', 'last-of-type', 'only-of-type']
const NTH = ['nth-child', 'nth-last-child', 'nth-of-type', 'nth-last-of-type']
const NESTING = ['not', 'is', 'where', 'has']
/** Bounded: the beginning of an element's text, see `CONTAINS_UNITS`. */
const CONTAINS = 'contains'
const PSEUDO_CLASSES: readonly string[] = [...CHEAP, ...COUNTING, ...NTH, ...NESTING, CONTAINS]
/** `:contains()` looks at so many characters of an element's text. */
export const CONTAINS_UNITS = 256

const MAX_TOKENS = 32
/** Attributes whose values css-select compares without case in HTML; it lowers them with the engine's tables, so they must be ASCII. */
const FOLDED = new Set(
  (
    'accept accept-charset align alink axis bgcolor charset checked clear codetype color compact declare defer dir direction disabled enctype face ' +
    'frame hreflang http-equiv lang language link media method multiple nohref noresize noshade nowrap readonly rel rev rules scope scrolling ' +
    'selected shape target text type valign valuetype vlink'
  ).split(' '),
)
const ASCII = /^[!-~ ]*$/
const NAME = /^[A-Za-z_][A-Za-z0-9_:.-]*$/

class Refused extends Error {
  readonly problem: SelectorProblem
  constructor(code: SelectorProblem['code'], message: string, fix: string) {
    super(message)
    this.problem = { code, message, fix }
  }
}

/** Whether a selector may be used, and the most work it can be on a page of a given size: elements looked at, about. */
export function checkSelector(selector: string): CheckedSelector {
  if (selector.trim() === SCOPE) return { ok: true, cost: () => 1 }
  try {
    const alternatives = parseOf(selector)
    let tokens = 0
    const count = (lists: Selector[][]): void => {
      for (const list of lists)
        for (const token of list) {
          tokens++
          if (token.type === SelectorType.Pseudo && Array.isArray(token.data)) count(token.data)
        }
    }
    count(alternatives)
    if (alternatives.length === 0 || alternatives.some((list) => list.length === 0))
      throw new Refused('BAD_SELECTOR', 'an empty selector', 'write what the value stands in, for example `h1`')
    if (tokens > MAX_TOKENS)
      throw new Refused(
        'COSTLY_SELECTOR',
        `a selector of ${tokens} parts`,
        `write at most ${MAX_TOKENS}; a class or an id says more than a path`,
      )
    const searches: Cost[] = []
    const costs = [
      ...alternatives.map((list) => chainCost(list, { nested: false, searches })),
      (tree: Size) => searches.reduce((sum, cost) => sum + cost(tree), 0),
    ]
    return { ok: true, cost: (tree) => tree.elements * costs.reduce((sum, cost) => sum + cost(tree), 0) }
  } catch (thrown) {
    if (thrown instanceof Refused) return { ok: false, problem: thrown.problem }
    throw thrown
  }
}

function parseOf(selector: string): Selector[][] {
  try {
    return parse(selector)
  } catch (thrown) {
    const said = thrown instanceof Error ? thrown.message : ''
    throw new Refused(
      'BAD_SELECTOR',
      `not a CSS selector: ${said.replace(/[^\x20-\x7e]/g, '?').slice(0, 100)}`,
      'write it as a style sheet would, for example `article > h1.title`',
    )
  }
}

interface Chain {
  /** Inside the brackets of a pseudo-class. */
  nested: boolean
  /** What `:has` costs for all elements, each asked once. */
  searches: Cost[]
}

/**
 * The cost of asking one element whether it matches. From right to left, as css-select goes: it remembers ancestors that do not match, so a
 * descendant combinator asks what stands left of it once more per element at most, and every element climbs; a sibling combinator asks for
 * each sibling anew.
 */
function chainCost(tokens: Selector[], chain: Chain): Cost {
  const parts: Cost[] = []
  let calls: Cost = () => 1
  let combinators = 0
  for (const [i, token] of [...tokens.entries()].toReversed()) {
    const now = calls
    if (isCombinator(token)) {
      combinators++
      if (combinators > 8) throw new Refused('COSTLY_SELECTOR', 'a path of more than nine elements', 'start at a class or an id further in')
      if (i === 0 && !chain.nested)
        throw new Refused(
          'BAD_SELECTOR',
          'a selector begins with a combinator',
          'write an element before it; within an item, selectors look inside it by themselves',
        )
    }
    if (token.type === SelectorType.Descendant) {
      parts.push((tree) => now(tree) * tree.depth)
      calls = (tree) => now(tree) + 1
    } else if (token.type === SelectorType.Sibling) {
      parts.push((tree) => now(tree) * tree.children)
      calls = (tree) => now(tree) * tree.children
    } else if (token.type === SelectorType.Child || token.type === SelectorType.Adjacent) parts.push(now)
    else {
      const own = simpleCost(token, chain)
      parts.push((tree) => now(tree) * own(tree))
    }
  }
  return (tree) => parts.reduce((sum, part) => sum + part(tree), 0)
}

function isCombinator({ type }: Selector): boolean {
  return type === SelectorType.Child || type === SelectorType.Adjacent || type === SelectorType.Descendant || type === SelectorType.Sibling
}

const one: Cost = () => 1

function simpleCost(token: Selector, chain: Chain): Cost {
  switch (token.type) {
    case SelectorType.Universal:
      return one
    case SelectorType.Tag:
      if (token.namespace !== null || !NAME.test(token.name))
        throw new Refused('BAD_SELECTOR', 'an element name that HTML does not have', 'write a plain name such as `article`')
      return one
    case SelectorType.Attribute: {
      if (token.namespace !== null || !NAME.test(token.name))
        throw new Refused('BAD_SELECTOR', 'an attribute name that HTML does not have', 'write a plain name such as `data-id`')
      const folds = token.ignoreCase === true || (token.ignoreCase === null && FOLDED.has(token.name.toLowerCase()))
      if (folds && token.action !== AttributeAction.Exists && !ASCII.test(token.value))
        throw new Refused(
          'BAD_SELECTOR',
          `\`${token.name}\` is compared without case, and its value is not ASCII`,
          'compare another attribute, or add ` s` before the `]`',
        )
      return one
    }
    case SelectorType.Pseudo:
      return pseudoCost(token.name, token.data, chain)
    case SelectorType.PseudoElement:
      throw new Refused('BAD_SELECTOR', `the pseudo-element ::${token.name} is no element of the page`, 'remove it')
    default:
      throw new Refused('BAD_SELECTOR', 'a combinator that is not taken', 'use a space, `>`, `+` or `~`')
  }
}

function pseudoCost(name: string, data: Selector[][] | string | null, { nested, searches }: Chain): Cost {
  const wantsText = NTH.includes(name) || name === CONTAINS
  if (!PSEUDO_CLASSES.includes(name)) {
    const near = nearest(name, PSEUDO_CLASSES)
    const known = `known are ${PSEUDO_CLASSES.map((pseudo) => `:${pseudo}`).join(' ')}`
    const fix = Object.hasOwn(HABITS, name) ? (HABITS[name] as string) : near === undefined ? known : `did you mean \`:${near}\`?`
    throw new Refused('UNKNOWN_PSEUDO_CLASS', `the pseudo-class :${name.replace(/[^\x20-\x7e]/g, '?').slice(0, 40)} is not known here`, fix)
  }
  if (wantsText !== (typeof data === 'string') || (wantsText && data === ''))
    throw new Refused(
      'BAD_SELECTOR',
      `:${name} ${wantsText ? 'needs something' : 'takes nothing'} in brackets`,
      wantsText ? `write for example \`:${name}(${name === CONTAINS ? '"Price"' : '2'})\`` : `write \`:${name}\``,
    )
  if (NTH.includes(name) && !/^\s*(odd|even|[+-]?\d{1,6}|[+-]?\d{0,6}n(\s*[+-]\s*\d{1,6})?)\s*$/.test(data as string))
    throw new Refused('BAD_SELECTOR', `:${name} counts by a number, odd, even or an+b`, `write for example \`:${name}(2n+1)\``)
  if (CHEAP.includes(name)) return one
  if (name === CONTAINS) return () => CONTAINS_UNITS / 8
  if (!Array.isArray(data)) return ({ children }) => children
  if (data.length === 0) throw new Refused('BAD_SELECTOR', `:${name} needs a selector in brackets`, `write for example \`:${name}(a)\``)
  if (name === 'has' && nested) throw new Refused('COSTLY_SELECTOR', ':has inside :not, :is or :has', 'take it apart into two selectors')
  const inner = data.map((list) => chainCost(list, { nested: true, searches }))
  const sum: Cost = (tree) => inner.reduce((total, cost) => total + cost(tree), 0)
  if (name !== 'has') return sum
  // each element's answer is remembered, and the subtrees of all elements together are as many elements as the tree is deep
  searches.push((tree) => tree.depth * sum(tree))
  return one
}

/** What people write out of habit, from style sheets and from jQuery. */
const HABITS: Record<string, string> = {
  scope: 'write `:scope` alone for the item itself; selectors look inside the item by themselves',
  first: 'the first match counts anyway; or write `:first-child`',
  last: 'write `:last-child`',
  eq: 'write `:nth-child(n)`, which counts from 1',
  gt: 'write `:nth-child(n+3)` for the third and all after',
  lt: 'write `:nth-child(-n+3)` for the first three',
  text: 'write `[type=text]`',
  visible: 'what a page shows is not known without its styles; name a class',
  hidden: 'write `[hidden]`, or name a class',
}

/** The selector with each `:has(…)` under a name of its own, and what each name stands for: so that its answers can be remembered. */
export function namedSearches(selector: string): { selector: string; searches: Map<string, string> } {
  const searches = new Map<string, string>()
  const named = parse(selector).map((list) =>
    list.map((token) => {
      if (token.type !== SelectorType.Pseudo || token.name !== 'has') return token
      const text = stringify([[token]])
      const name = `has-${Buffer.from(text).toString('hex')}`
      searches.set(name, text)
      return { ...token, name, data: null }
    }),
  )
  return searches.size === 0 ? { selector, searches } : { selector: stringify(named), searches }
}
