/** What a page's head says to machines: `<meta>`, and the RSL licences that it names or holds; with the line each stands in. */
import { Parser } from 'htmlparser2'
import { lineCounter } from './lines.ts'
import { isLicense, isRslType } from './link-header.ts'
import { MAX_RSL_BYTES } from './rsl.ts'

export interface MetaSignal {
  /** Lower case. */
  name: string
  content: string
  /** 1-based line of the HTML. */
  line: number
}

export interface PageSignals {
  metas: MetaSignal[]
  /** `<link rel=license type=application/rsl+xml href>`: as written. */
  rslLinks: { href: string; line: number }[]
  /** `<script type=application/rsl+xml>`: its text. */
  rslScripts: { xml: string; line: number }[]
}

const MAX_SIGNALS = 256
const MAX_SCRIPTS = 4

/** Beyond these a page is no record either (see `htmlLimits` of web pages): reading stops there. */
const MAX_DEPTH = 256
const MAX_ELEMENTS = 50_000
const MAX_ATTRIBUTES = 256
const MAX_UNITS = 4 << 20
const STOP = Symbol('enough read')

/** In document order; never throws. */
export function pageSignals(html: string): PageSignals {
  const signals: PageSignals = { metas: [], rslLinks: [], rslScripts: [] }
  const lineAt = lineCounter(html)
  let script: { xml: string; line: number } | undefined
  let depth = 0
  let elements = 0
  let attributes = 0
  const parser: Parser = new Parser({
    onopentagname() {
      attributes = 0
    },
    onattribute() {
      if (++attributes > MAX_ATTRIBUTES) throw STOP
    },
    onopentag(tag, { name, content, rel = '', type = '', href }) {
      if (++depth > MAX_DEPTH || ++elements > MAX_ELEMENTS) throw STOP
      if (tag === 'meta' && name !== undefined && content !== undefined && signals.metas.length < MAX_SIGNALS)
        signals.metas.push({
          name: name.slice(0, 64).trim().toLowerCase(),
          content: content.slice(0, 1024),
          line: lineAt(parser.startIndex),
        })
      else if (tag === 'link' && href !== undefined && isLicense(rel) && isRslType(type) && signals.rslLinks.length < MAX_SIGNALS)
        signals.rslLinks.push({ href: href.slice(0, 4096).trim(), line: lineAt(parser.startIndex) })
      else if (tag === 'script' && isRslType(type) && signals.rslScripts.length < MAX_SCRIPTS)
        signals.rslScripts.push((script = { xml: '', line: lineAt(parser.startIndex) }))
    },
    ontext(text) {
      if (script !== undefined && script.xml.length <= MAX_RSL_BYTES) script.xml += text
    },
    onclosetag() {
      depth--
      script = undefined
    },
  })
  try {
    parser.end(html.slice(0, MAX_UNITS))
  } catch (thrown) {
    if (thrown !== STOP) throw thrown
  }
  return signals
}
