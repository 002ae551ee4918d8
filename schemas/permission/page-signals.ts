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

/** Beyond these a page is no record either (see `htmlLimits` of web pages): reading stops there. */
const MAX_DEPTH = 256
const MAX_ELEMENTS = 50_000
const MAX_ATTRIBUTES = 256
const MAX_UNITS = 4 << 20
const STOP = Symbol('enough read')

/** `<meta name content>` pairs in document order; never throws. */
export function metaSignals(html: string): MetaSignal[] {
  const signals: MetaSignal[] = []
  let line = 1
  let counted = 0
  let depth = 0
  let elements = 0
  let attributes = 0
  const parser = new Parser({
    onopentagname() {
      attributes = 0
    },
    onattribute() {
      if (++attributes > MAX_ATTRIBUTES) throw STOP
    },
    onopentag(tag, { name, content }) {
      if (++depth > MAX_DEPTH || ++elements > MAX_ELEMENTS) throw STOP
      if (tag !== 'meta' || name === undefined || content === undefined || signals.length >= MAX_SIGNALS) return
      for (let at = html.indexOf('\n', counted); at >= 0 && at < parser.startIndex; at = html.indexOf('\n', at + 1)) line++
      counted = parser.startIndex
      signals.push({ name: name.slice(0, 64).trim().toLowerCase(), content: content.slice(0, 1024), line })
    },
    onclosetag() {
      depth--
    },
  })
  try {
    parser.end(html.slice(0, MAX_UNITS))
  } catch (thrown) {
    if (thrown !== STOP) throw thrown
  }
  return signals
}
