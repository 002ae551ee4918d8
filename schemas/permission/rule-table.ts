/**
 * The fetch rules of one agent, compiled: prefixes in a radix tree, so that a path is read once however many rules there are; what follows a
 * star hangs at the node where its prefix ends. The longest pattern decides, Allow on a tie, else the first line (RFC 9309, 2.2.2).
 */
import { type PathPattern, matchesRest, parsePattern } from './path-pattern.ts'

/** A rule that may decide. `decision` is given out as it stands, so nobody may change it. */
export interface TableEntry<Decision> {
  pattern: string
  /** Octets that count in the contest of lengths. */
  length: number
  allow: boolean
  line: number
  decision: Decision
}

interface Wild<Decision> extends Pick<PathPattern, 'parts' | 'anchored'> {
  entry: TableEntry<Decision>
  /** Whether a `?` must follow: most patterns with stars are about queries, and most paths have none. */
  needsQuery: boolean
  /** The character that must end the path, -1 for any: what rules most of the others out. */
  last: number
}

interface Node<Decision> {
  label: string
  /** First characters of the children's labels, and the children, side by side. */
  keys: number[]
  children: Node<Decision>[]
  /** Children by character, where there are many. Patterns and paths are ASCII. */
  byKey: (Node<Decision> | undefined)[] | undefined
  /** The best rule whose whole pattern is the way to this node. */
  prefix: TableEntry<Decision> | undefined
  /** The same, for patterns that end in `$`. */
  exact: TableEntry<Decision> | undefined
  /** Best first. */
  wild: Wild<Decision>[] | undefined
}

/** More children than this are found by index. */
const FEW = 4

export class RuleTable<Decision> {
  readonly #root: Node<Decision> = emptyNode('')
  /** Nodes with patterns behind a star that the current path went through, and where they end in it: room that every search uses again. */
  readonly #passed: Node<Decision>[] = []
  readonly #ends: number[] = []

  constructor(entries: readonly TableEntry<Decision>[]) {
    const wilds = new Set<Wild<Decision>[]>()
    const seen = new Set<string>()
    for (const entry of entries) {
      const key = `${entry.length} ${entry.allow} ${entry.pattern}`
      if (seen.has(key)) continue
      seen.add(key)
      const { prefix, parts, anchored } = parsePattern(entry.pattern)
      const node = nodeAt(this.#root, prefix)
      if (parts.length > 0) {
        node.wild ??= []
        node.wild.push({
          entry,
          parts,
          anchored,
          needsQuery: parts.some((part) => part.includes('?')),
          last: anchored ? lastOf(parts) : -1,
        })
        wilds.add(node.wild)
      } else if (anchored) node.exact = better(entry, node.exact)
      else node.prefix = better(entry, node.prefix)
    }
    for (const wild of wilds) wild.sort((a, b) => (better(a.entry, b.entry) === a.entry ? -1 : 1))
  }

  /** The entry that decides about the path which begins at `from` in `text` and ends with it; `best` where none beats it. ASCII only. */
  find(text: string, from: number, best?: TableEntry<Decision>): TableEntry<Decision> | undefined {
    let node = this.#root
    let at = from
    let found = best
    let passed = 0
    for (;;) {
      if (node.prefix !== undefined) found = better(node.prefix, found)
      if (node.wild !== undefined) {
        this.#passed[passed] = node
        this.#ends[passed++] = at
      }
      if (at === text.length) {
        if (node.exact !== undefined) found = better(node.exact, found)
        break
      }
      const child = childOf(node, text.charCodeAt(at))
      if (child === undefined || !holds(text, child.label, at)) break
      node = child
      at += child.label.length
    }
    return passed === 0 ? found : this.#findWild(text, from, passed, found)
  }

  #findWild(text: string, from: number, passed: number, best: TableEntry<Decision> | undefined): TableEntry<Decision> | undefined {
    const hasQuery = text.indexOf('?', from) >= 0
    const last = text.charCodeAt(text.length - 1)
    let found = best
    for (let n = 0; n < passed; n++)
      for (const wild of (this.#passed[n] as Node<Decision>).wild as Wild<Decision>[]) {
        if (found !== undefined && better(found, wild.entry) === found) break
        if ((wild.needsQuery && !hasQuery) || (wild.last >= 0 && wild.last !== last)) continue
        if (!matchesRest(wild, text, this.#ends[n] as number)) continue
        found = wild.entry
        break
      }
    return found
  }
}

const lastOf = (parts: string[]): number => (parts.at(-1) as string).charCodeAt((parts.at(-1) as string).length - 1)

function childOf<Decision>({ byKey, keys, children }: Node<Decision>, code: number): Node<Decision> | undefined {
  if (byKey !== undefined) return byKey[code]
  for (let i = 0; i < keys.length; i++) if (keys[i] === code) return children[i]
  return undefined
}

/** Whether `label` stands at `at`; its first character is known to. */
function holds(text: string, label: string, at: number): boolean {
  if (at + label.length > text.length) return false
  for (let i = 1; i < label.length; i++) if (text.charCodeAt(at + i) !== label.charCodeAt(i)) return false
  return true
}

function addChild<Decision>(node: Node<Decision>, child: Node<Decision>): void {
  const code = child.label.charCodeAt(0)
  const place = node.keys.indexOf(code)
  if (place < 0) node.keys.push(code)
  node.children[place < 0 ? node.keys.length - 1 : place] = child
  if (node.keys.length <= FEW) return
  node.byKey ??= new Array<Node<Decision> | undefined>(128).fill(undefined)
  for (let i = 0; i < node.keys.length; i++) node.byKey[node.keys[i] as number] = node.children[i]
}

/** The longer pattern, Allow before Disallow, the earlier line. */
function better<Decision>(a: TableEntry<Decision>, b: TableEntry<Decision> | undefined): TableEntry<Decision> {
  if (b === undefined) return a
  if (a.length !== b.length) return a.length > b.length ? a : b
  if (a.allow !== b.allow) return a.allow ? a : b
  return a.line <= b.line ? a : b
}

function nodeAt<Decision>(root: Node<Decision>, prefix: string): Node<Decision> {
  let node = root
  for (let at = 0; at < prefix.length; ) {
    const child = childOf(node, prefix.charCodeAt(at))
    if (child === undefined) {
      const leaf = emptyNode<Decision>(prefix.slice(at))
      addChild(node, leaf)
      return leaf
    }
    const shared = sharedLength(child.label, prefix, at)
    if (shared < child.label.length) {
      const middle = emptyNode<Decision>(child.label.slice(0, shared))
      child.label = child.label.slice(shared)
      addChild(middle, child)
      addChild(node, middle)
      node = middle
    } else node = child
    at += shared
  }
  return node
}

function sharedLength(label: string, text: string, from: number): number {
  let length = 0
  while (length < label.length && label.charCodeAt(length) === text.charCodeAt(from + length)) length++
  return length
}

const emptyNode = <Decision>(label: string): Node<Decision> => ({
  label,
  keys: [],
  children: [],
  byKey: undefined,
  prefix: undefined,
  exact: undefined,
  wild: undefined,
})
