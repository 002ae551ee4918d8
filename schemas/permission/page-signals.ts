/**
 * What a page's head says to machines: `<meta>`, and the RSL licences that it names or holds; with the line each stands in. A crawler meets these
 * in the tree that it makes of the page anyway, others in a walk of their own: what counts, and how much of it, is said here once for both.
 */
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
/** Of one script: a document that is too long to be read must be seen to be. */
export const MAX_SCRIPT_UNITS = MAX_RSL_BYTES + 1

export const noSignals = (): PageSignals => ({ metas: [], rslLinks: [], rslScripts: [] })

/** Attributes as they stand in the page, absent ones undefined. */
type Attribute = string | undefined

export function addMeta({ metas }: PageSignals, name: Attribute, content: Attribute, line: number): void {
  if (name === undefined || content === undefined || metas.length >= MAX_SIGNALS) return
  metas.push({ name: name.slice(0, 64).trim().toLowerCase(), content: content.slice(0, 1024), line })
}

/** Of a `<link>`. */
export function addLink({ rslLinks }: PageSignals, rel: Attribute, type: Attribute, href: Attribute, line: number): void {
  if (href === undefined || !isLicense(rel ?? '') || !isRslType(type ?? '') || rslLinks.length >= MAX_SIGNALS) return
  rslLinks.push({ href: href.slice(0, 4096).trim(), line })
}

/** Of a `<script>`: where its text goes, up to MAX_SCRIPT_UNITS of it; undefined where nobody wants it. */
export function addScript({ rslScripts }: PageSignals, type: Attribute, line: number): { xml: string } | undefined {
  if (!isRslType(type ?? '') || rslScripts.length >= MAX_SCRIPTS) return undefined
  const script = { xml: '', line }
  rslScripts.push(script)
  return script
}

/** Beyond these a page is no record either (see `htmlLimits` of web pages): reading stops there. */
const MAX_DEPTH = 256
const MAX_ELEMENTS = 50_000
const MAX_ATTRIBUTES = 256
const MAX_UNITS = 4 << 20
const STOP = Symbol('enough read')

/** In document order; never throws. */
export function pageSignals(html: string): PageSignals {
  const signals = noSignals()
  const lineAt = lineCounter(html)
  let script: { xml: string } | undefined
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
    onopentag(tag, { name, content, rel, type, href }) {
      if (++depth > MAX_DEPTH || ++elements > MAX_ELEMENTS) throw STOP
      if (tag !== 'meta' && tag !== 'link' && tag !== 'script') return
      const line = lineAt(parser.startIndex)
      if (tag === 'meta') addMeta(signals, name, content, line)
      else if (tag === 'link') addLink(signals, rel, type, href, line)
      else script = addScript(signals, type, line)
    },
    ontext(text) {
      if (script !== undefined) script.xml = (script.xml + text).slice(0, MAX_SCRIPT_UNITS)
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
