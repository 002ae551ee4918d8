/** Formulas as TeX: what the author wrote where the page kept it, else MathML read as TeX. */
import { Element, textContent } from './dom.ts'
import { cleanLine } from './text.ts'

const MAX_TEX = 4000
const WRITTEN_AS_TEX = /^(application\/x-tex|text\/x-tex|latex|tex)$/i
/** Pictures of formulas that carry their source: Wikipedia, WordPress, old MathJax. */
const FORMULA_PICTURE = /(^|[ -])(math|tex|latex|mwe-math)/i

/** `$…$` or, where it stands by itself, `$$…$$`; empty when the element holds no formula. */
export function formula(element: Element): string {
  const display = isDisplay(element)
  const tex = element.name === 'script' ? textContent(element, MAX_TEX) : (written(element) ?? element.attr('alttext') ?? texOf(element))
  return dollars(tex, display)
}

/** The same of a picture whose alternative text is its TeX; empty for any other picture. */
export function pictureFormula(image: Element): string {
  const alt = image.attr('alt') ?? ''
  if (!FORMULA_PICTURE.test((image.attr('class') ?? '').slice(0, 200)) && !alt.startsWith('{\\displaystyle')) return ''
  return dollars(alt, false)
}

function dollars(tex: string, display: boolean): string {
  let line = cleanLine(tex.slice(0, MAX_TEX))
  line = /^\{\\(?:displaystyle|textstyle) (.*)\}$/.exec(line)?.[1] ?? line
  line = line.replace(/^\$+|\$+$/g, '').replace(/^(?:%\s)|^\\[([]|\\[)\]]$/g, '')
  line = cleanLine(line.replaceAll('$', '\\$'))
  return line === '' ? '' : display ? `$$${line}$$` : `$${line}$`
}

function isDisplay(element: Element): boolean {
  if (element.attr('display') === 'block' || /mode\s{0,2}=\s{0,2}display/.test(element.attr('type') ?? '')) return true
  let at: Element | null = element.parent
  for (let level = 0; at !== null && level < 4; level++, at = at.parent)
    if (at.attr('display') === 'true' || /(^| )(katex-display|MathJax_Display|mwe-math-element-block)( |$)/.test(at.attr('class') ?? ''))
      return true
  return false
}

/** The annotation that holds the source. */
function written(math: Element): string | null {
  for (const child of math.children) {
    if (!(child instanceof Element)) continue
    if (child.name === 'annotation' && WRITTEN_AS_TEX.test(child.attr('encoding') ?? '')) return textContent(child, MAX_TEX)
    if (child.name !== 'semantics') continue
    const inner = written(child)
    if (inner !== null) return inner
  }
  return null
}

/** Presentation MathML as TeX, as far as its shapes have one. Recursion is as deep as the tree, which its parser bounds. */
function texOf(element: Element): string {
  const parts: string[] = []
  let units = 0
  for (const child of element.children) {
    const part = typeof child === 'string' ? child.trim() : child.name.startsWith('annotation') ? '' : texOf(child)
    if (part === '' || (units += part.length) > MAX_TEX) continue
    parts.push(part)
  }
  const [a = '', b = '', c = ''] = parts
  switch (element.name) {
    case 'mfrac':
      return `\\frac{${a}}{${b}}`
    case 'msqrt':
      return `\\sqrt{${parts.join(' ')}}`
    case 'mroot':
      return `\\sqrt[${b}]{${a}}`
    case 'msup':
    case 'mover':
      return `${a}^{${b}}`
    case 'msub':
    case 'munder':
      return `${a}_{${b}}`
    case 'msubsup':
    case 'munderover':
      return `${a}_{${b}}^{${c}}`
    case 'mtext':
      return parts.length === 0 ? '' : `\\text{${parts.join(' ')}}`
    case 'mtr':
      return parts.join(' & ')
    case 'mtable':
      return parts.join(' \\\\ ')
    default:
      return parts.join(' ')
  }
}
