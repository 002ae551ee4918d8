/** What a page's `<meta>` elements say to machines, with the line each stands in. */
import { Parser } from 'htmlparser2'

export interface MetaSignal {
  /** Lower case. */
  name: string
  content: string
  /** 1-based line of the HTML. */
  line: number
}

const MAX_SIGNALS = 256

/** `<meta name content>` pairs in document order; never throws. */
export function metaSignals(html: string): MetaSignal[] {
  const signals: MetaSignal[] = []
  let line = 1
  let counted = 0
  const parser = new Parser({
    onopentag(tag, { name, content }) {
      if (tag !== 'meta' || name === undefined || content === undefined || signals.length >= MAX_SIGNALS) return
      for (let at = html.indexOf('\n', counted); at >= 0 && at < parser.startIndex; at = html.indexOf('\n', at + 1)) line++
      counted = parser.startIndex
      signals.push({ name: name.slice(0, 64).trim().toLowerCase(), content: content.slice(0, 1024), line })
    },
  })
  parser.end(html.slice(0, 8 << 20))
  return signals
}
