/** Preformatted text: its lines, and the language that the page names for it. */
import { Element } from './dom.ts'
import { BLOCK } from './tags.ts'
import { cleanPreformatted } from './text.ts'
import { HIDDEN } from './vocabulary.ts'

const MAX_UNITS = 400_000
/** `language-x` (HTML's own advice), `lang-x`, Pygments and Sphinx `highlight-x`, GitHub `highlight-source-x`, SyntaxHighlighter `brush: x`, Pandoc `sourceCode x`, highlight.js `hljs x`. */
const NAMED =
  /(?:^|\s)(?:language-|lang-|highlight-source-|highlight-text-|highlight-|brush:\s?|src-|(?:sourceCode|hljs|prettyprint|code)\s+(?:lang-)?)([A-Za-z0-9+#.]{1,20})(?=[\s;]|$)/
/** What an element some steps away may be called; `code` and the like there would be chance. */
const NAMED_AROUND = /(?:^|\s)(?:language-|lang-|highlight-source-|highlight-|sourceCode\s+)([A-Za-z0-9+#.]{1,20})(?=[\s;]|$)/
/** Words that stand where a language would. */
const NO_LANGUAGE = new Set(
  'default none notranslate text plain plaintext nohighlight no-highlight auto block lines prettyprinted copy hljs'.split(' '),
)

/** The text with its lines, line numbers left out; `br` and blocks end lines. */
export function codeText(element: Element): string {
  let text = ''
  let visited = 0
  let endsLine = true
  const add = (piece: string): void => {
    if (piece === '') return
    text += piece
    endsLine = piece.charCodeAt(piece.length - 1) === 0x0a
  }
  const walk = (node: Element): void => {
    for (const child of node.children) {
      if (text.length >= MAX_UNITS || visited++ > MAX_UNITS) return
      if (typeof child === 'string') add(child)
      else if (child.name === 'br') add('\n')
      else if ((child.traits & HIDDEN) !== 0) continue
      else {
        const isLine = (child.flags & BLOCK) !== 0
        if (isLine && !endsLine) add('\n')
        walk(child)
        if (isLine && !endsLine) add('\n')
      }
    }
  }
  walk(element)
  return cleanPreformatted(text.slice(0, MAX_UNITS))
}

/** Backticks around code: one more than its longest run of them, of which 40 count at most. */
export function fenceOf(code: string): string {
  let longest = 0
  for (const [run] of code.matchAll(/`{1,40}/g)) longest = Math.max(longest, run.length)
  return '`'.repeat(longest + 1)
}

/** Code with numbered lines stands inside a table. */
const MOST_AROUND = 7

/** From the element, what it holds first, and those around it; empty when none names one. */
export function codeLanguage(element: Element): string {
  const inner = element.children.find((child): child is Element => child instanceof Element)
  const around: Element[] = []
  for (let at = element.parent; at !== null && around.length < MOST_AROUND; at = at.parent) around.push(at)
  for (const at of [element, inner, ...around]) {
    if (at === undefined) continue
    const data = at.attr('data-lang') ?? at.attr('data-language')
    const named = data ?? (at === element || at === inner ? NAMED : NAMED_AROUND).exec((at.attr('class') ?? '').slice(0, 300))?.[1]
    if (named !== undefined && /^[A-Za-z0-9+#.-]{1,20}$/.test(named) && !NO_LANGUAGE.has(named)) return named
  }
  return ''
}
