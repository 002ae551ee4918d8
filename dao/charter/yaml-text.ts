/** YAML text to plain values, with the place of every field kept. Nothing of YAML beyond maps, lists and scalars is taken. */
import { isAlias, isMap, isNode, isPair, isScalar, isSeq, LineCounter, parseDocument, visit, type Document, type Node } from 'yaml'
import { MAX_CHARTER_BYTES, utf8 } from '../../schemas/wire/index.ts'
import type { CharterProblem, Finding, Path } from './problem.ts'
import { spell } from './problem.ts'

const MAX_DEPTH = 16

export interface YamlText {
  value: unknown
  /** Gives a finding its line and column. */
  place: (finding: Finding) => CharterProblem
}
export type YamlResult = { ok: true; yaml: YamlText } | { ok: false; problems: CharterProblem[] }

/** Reads at most `MAX_CHARTER_BYTES` of YAML 1.2 (core schema). */
export function readYaml(text: string): YamlResult {
  const bytes = text.length > MAX_CHARTER_BYTES ? text.length : utf8(text).byteLength
  if (bytes > MAX_CHARTER_BYTES) return whole('TOO_LARGE', `the charter has more than ${MAX_CHARTER_BYTES} bytes`, 'move prose out of it')
  const deep = tooDeep(text)
  if (deep !== undefined) return whole('TOO_DEEP', `brackets nest deeper than ${MAX_DEPTH}`, 'a charter needs four levels', deep)
  const lines = new LineCounter()
  const doc = parseDocument(text, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'error',
  })
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length))
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const broken = [...doc.errors, ...doc.warnings].map(
    (error): CharterProblem => ({ path: '', ...at(error.pos[0]), ...syntaxProblem(error.code, error.message) }),
  )
  const refused =
    broken.length > 0 ? broken : refusedNodes(doc).map((r) => ({ path: '', ...at(r.offset), code: r.code, message: r.message, fix: r.fix }))
  if (refused.length > 0) return { ok: false, problems: refused }
  if (!isMap(doc.contents)) return whole('NOT_A_CHARTER', 'the file is no list of `key: value` lines', 'start from `quern dao init`')
  const place = ({ path, atKey, ...words }: Finding): CharterProblem => ({
    path: spell(path),
    ...at(offsetOf(doc, path, atKey ?? false)),
    ...words,
  })
  return { ok: true, yaml: { value: doc.toJS({ maxAliasCount: 0 }), place } }
}

function whole(code: string, message: string, fix: string, line = 1): YamlResult {
  return { ok: false, problems: [{ path: '', line, column: 1, code, message, fix }] }
}

/**
 * The line where nesting passes the bound, counted before the parser sees the text: the parser calls itself once per level. Indentation needs
 * as many columns as levels, and `- - -` and `? ? ?` open a level per mark. Brackets inside quotes count too; no charter needs so many.
 */
function tooDeep(text: string): number | undefined {
  let depth = 0
  for (const [i, line] of text.split('\n').entries()) {
    const marks = /^(?:[ \t]|[-?:](?=[ \t]))*/.exec(line)?.[0].match(/[-?:]/g)?.length ?? 0
    const bare = line.replace(/(^|\s)#.*$/, '')
    for (const mark of bare) {
      if (mark === '[' || mark === '{') depth++
      else if ((mark === ']' || mark === '}') && depth > 0) depth--
      if (depth > MAX_DEPTH) return i + 1
    }
    if (marks > MAX_DEPTH || (/^ */.exec(line)?.[0].length ?? 0) > MAX_DEPTH * 16) return i + 1
  }
  return undefined
}

function syntaxProblem(code: string, message: string): Pick<CharterProblem, 'code' | 'message' | 'fix'> {
  const known: Record<string, [string, string]> = {
    DUPLICATE_KEY: ['DUPLICATE_KEY', 'remove one of the two: a setting is written once'],
    TAB_AS_INDENT: ['YAML_SYNTAX', 'indent with spaces, not with tabs'],
    BAD_INDENT: ['YAML_SYNTAX', 'indent the settings of one section equally, with two spaces'],
    MISSING_CHAR: ['YAML_SYNTAX', 'close the quote or bracket, or put a space after the colon'],
    MULTIPLE_DOCS: ['YAML_SYNTAX', 'remove the `---` line: one file is one charter'],
    MULTILINE_IMPLICIT_KEY: ['YAML_SYNTAX', 'write `key: value`, or close the quote that began above'],
    TAG_RESOLVE_FAILED: ['YAML_TAG', 'remove the tag that begins with `!`'],
    BAD_ALIAS: ['YAML_ALIAS', 'write the value out: anchors and aliases are not taken; text that begins with `*` or `&` goes in quotes'],
  }
  const [name, fix] = known[code] ?? ['YAML_SYNTAX', 'write `key: value` lines; put text with special characters in quotes']
  return { code: name, message: message.split('\n')[0] ?? 'not YAML', fix }
}

interface Refused {
  offset: number
  code: string
  message: string
  fix: string
}

function refusedNodes(doc: Document): Refused[] {
  const found: Refused[] = []
  const refuse = (node: Node, code: string, message: string, fix: string): void => {
    found.push({ offset: node.range?.[0] ?? 0, code, message, fix })
  }
  visit(doc, {
    Node(_, node) {
      if (isAlias(node)) {
        refuse(node, 'YAML_ALIAS', 'an alias (`*`) stands for a value elsewhere', 'write the value out')
        return visit.SKIP
      }
      if (node.anchor !== undefined) refuse(node, 'YAML_ALIAS', 'an anchor (`&`) has no meaning here', 'remove it')
      if (node.tag !== undefined && !node.tag.startsWith('tag:yaml.org,2002:'))
        refuse(node, 'YAML_TAG', 'tags (`!`) have no meaning here', 'remove it')
      return undefined
    },
    Pair(_, pair) {
      if (!isScalar(pair.key) || typeof pair.key.value !== 'string')
        found.push({
          offset: isNode(pair.key) ? (pair.key.range?.[0] ?? 0) : 0,
          code: 'YAML_KEY',
          message: 'a setting has a name that is no text',
          fix: 'write the name of a setting before the colon',
        })
      return undefined
    },
  })
  return found
}

/** Where a field stands: its value, its key, or the nearest section that does stand in the text. */
function offsetOf(doc: Document, path: Path, atKey: boolean): number {
  let node: unknown = doc.contents
  let offset = 0
  for (const [i, step] of path.entries()) {
    let next: unknown
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === step)
      if (!pair) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      if (atKey && i === path.length - 1) return offset
      next = pair.value
    } else if (isSeq(node)) next = node.items[Number(step)]
    if (!isNode(next)) return offset
    // a section or list begins at its key: its first line is not what is wrong with it
    if (isSeq(node) || !((isMap(next) || isSeq(next)) && next.flow !== true)) offset = next.range?.[0] ?? offset
    node = next
  }
  return offset
}
