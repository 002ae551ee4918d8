/**
 * RSL 1.0 documents (Really Simple Licensing): which licences a site offers for which content. The XML is read as a stream within limits;
 * a document type or an entity of its own is refused, because nothing in RSL needs one.
 */
import { Parser } from 'htmlparser2'
import { lineCounter } from './lines.ts'

export interface RslTerms {
  /** Lower-case words of `<permits type=usage>`; null where the licence does not list usages. */
  permits: string[] | null
  prohibits: string[]
  /** Licensed to some users or countries only. */
  limited: boolean
  /** Types of `<payment>`; `other` where one has no type but a price or a rate card. */
  payments: string[]
  /** 1-based line of `<permits>` or `<prohibits>`, else of the licence. */
  line: number
}

export interface RslContent {
  /** A path pattern, or an absolute URL whose path is one. */
  url: string
  /** A licence must be obtained there before anything is used. */
  server: string | null
  encrypted: boolean
  licenses: RslTerms[]
  line: number
}

export type Rsl =
  | { state: 'read'; contents: RslContent[] }
  /** No RSL document: something else lies at its address. */
  | { state: 'other' }
  /** An RSL document that is not read: `reason` says why. Its terms are unknown, so nothing is taken. */
  | { state: 'refused'; reason: string }

export const MAX_RSL_BYTES = 256 << 10
const MAX_DEPTH = 32
const MAX_ELEMENTS = 10_000
const MAX_ATTRIBUTES = 32
const MAX_TEXT = 4096

class Refused extends Error {}

/** Never throws. Namespaces are taken by their usual names: what a prefix stands for makes no difference to what a site means. */
export function parseRsl(xml: string): Rsl {
  if (xml.length > MAX_RSL_BYTES) return { state: 'refused', reason: `more than ${MAX_RSL_BYTES} bytes` }
  const reader = new Reader(xml)
  try {
    reader.read()
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown
    return { state: 'refused', reason: thrown.message }
  }
  return reader.isRsl ? { state: 'read', contents: reader.contents } : { state: 'other' }
}

class Reader {
  readonly contents: RslContent[] = []
  isRsl = false
  readonly #xml: string
  readonly #lineAt: (offset: number) => number
  #depth = 0
  #elements = 0
  #attributes = 0
  #content: RslContent | undefined
  #terms: RslTerms | undefined
  /** The element whose text is being read. */
  #reading: { name: string; type: string; text: string; line: number } | undefined
  /** Whether the payment that is open has a type. */
  #untyped = false

  constructor(xml: string) {
    this.#xml = xml
    this.#lineAt = lineCounter(xml)
  }

  read(): void {
    const parser: Parser = new Parser(
      {
        onprocessinginstruction: (name) => {
          if (name.startsWith('!')) throw new Refused('a document type')
        },
        onopentagname: () => {
          this.#attributes = 0
        },
        onattribute: () => {
          if (++this.#attributes > MAX_ATTRIBUTES) throw new Refused('too many attributes')
        },
        onopentag: (tag, attributes) => {
          if (++this.#depth > MAX_DEPTH || ++this.#elements > MAX_ELEMENTS) throw new Refused('too deep or too many elements')
          this.#open(localName(tag), attributes, this.#lineAt(parser.startIndex))
        },
        ontext: (text) => {
          if (this.#reading === undefined) return
          this.#reading.text += text
          if (this.#reading.text.length > MAX_TEXT) throw new Refused('too much text in an element')
        },
        onclosetag: (tag) => {
          this.#depth--
          this.#close(localName(tag))
        },
      },
      { xmlMode: true },
    )
    parser.write(this.#xml)
    // half of the terms may say the opposite of all of them
    if (this.isRsl && this.#depth > 0) throw new Refused('it ends in the middle')
    parser.end()
  }

  #open(name: string, attributes: Record<string, string>, line: number): void {
    if (this.#elements === 1) this.isRsl = name === 'rsl'
    if (!this.isRsl) return
    if (name === 'content') {
      const { url = '/', server, encrypted = '' } = attributes
      this.#content = {
        url: url.trim(),
        server: server?.trim() || null,
        encrypted: /^\s*(true|1)\s*$/i.test(encrypted),
        licenses: [],
        line,
      }
      this.contents.push(this.#content)
    } else if (name === 'license' && this.#content !== undefined) {
      this.#terms = { permits: null, prohibits: [], limited: false, payments: [], line }
      this.#content.licenses.push(this.#terms)
    } else if (name === 'server' && this.#content !== undefined) this.#content.server ??= attributes.url ?? ''
    else if (this.#terms !== undefined) this.#openTerm(name, attributes, line)
  }

  #openTerm(name: string, attributes: Record<string, string>, line: number): void {
    const type = (attributes.type ?? '').trim().toLowerCase()
    if (name === 'permits' || name === 'prohibits') this.#reading = { name, type: type || 'usage', text: '', line }
    else if (name === 'payment') {
      this.#untyped = type === ''
      if (type !== '') this.#terms?.payments.push(type)
    } else if (this.#untyped && (name === 'amount' || name === 'standard' || name === 'custom')) this.#terms?.payments.push('other')
  }

  #close(name: string): void {
    if (this.#reading?.name === name) this.#take(this.#reading)
    if (name === 'license') this.#terms = undefined
    else if (name === 'content') this.#content = undefined
    else if (name === 'payment') this.#untyped = false
    if (name === this.#reading?.name) this.#reading = undefined
  }

  #take({ name, type, text, line }: { name: string; type: string; text: string; line: number }): void {
    const terms = this.#terms
    if (terms === undefined) return
    if (type !== 'usage') {
      terms.limited = true
      return
    }
    // 1.0 separates by blanks, drafts did by commas
    const words = text
      .toLowerCase()
      .split(/[\s,]+/)
      .filter((word) => word !== '')
    if (name === 'permits') terms.permits = [...(terms.permits ?? []), ...words]
    else terms.prohibits.push(...words)
    terms.line = line
  }
}

const localName = (tag: string): string => tag.slice(tag.indexOf(':') + 1).toLowerCase()
