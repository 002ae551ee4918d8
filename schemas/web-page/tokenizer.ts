/** htmlparser2's tokenizer for a whole page, sent straight to the next unit that may end what it reads: by itself it looks at each in turn. */
import { Tokenizer, type TokenizerCallbacks } from 'htmlparser2'

/** What is private to it: the package is pinned exactly, and a test holds this class against it. */
interface Inner {
  /** The unit that is looked at. */
  index: number
  buffer: string
  write(html: string): void
  end(): void
  stateText(unit: number): void
  stateInTagName(unit: number): void
  stateInClosingTagName(unit: number): void
  stateInAttributeName(unit: number): void
  handleInAttributeValue(unit: number, quote: number): void
  fastForwardTo(unit: number): boolean
}
const Whole = Tokenizer as unknown as new (options: object, callbacks: TokenizerCallbacks) => Inner

const AMPERSAND = 0x26
const LESS_THAN = 0x3c

/** Units that end a tag's or an attribute's name; an equals sign ends the latter only, and by itself is looked at again in the former. */
const endsName = new Uint8Array(0x80)
for (const unit of '\t\n\f\r />=') endsName[unit.charCodeAt(0)] = 1

/** Takes one page: a single `write`, then `end`. */
export class PageTokenizer extends Whole {
  /** Where the next ampersand, tag and end of the attribute's value stand, looked up again once they are passed: so no part of a page is searched twice. */
  private ampersand = -1
  private tag = -1
  private quote = -1

  override stateText(unit: number): void {
    if (unit === LESS_THAN || unit === AMPERSAND) return super.stateText(unit)
    if (this.tag < this.index) this.tag = this.find('<')
    this.skipTo(this.tag)
  }

  override stateInTagName(): void {
    super.stateInTagName(this.toNameEnd())
  }

  override stateInClosingTagName(): void {
    super.stateInClosingTagName(this.toNameEnd())
  }

  override stateInAttributeName(): void {
    super.stateInAttributeName(this.toNameEnd())
  }

  override handleInAttributeValue(unit: number, quote: number): void {
    if (unit === quote || unit === AMPERSAND) return super.handleInAttributeValue(unit, quote)
    if (this.quote < this.index) this.quote = this.find(String.fromCharCode(quote))
    this.skipTo(this.quote)
  }

  override fastForwardTo(unit: number): boolean {
    const at = this.buffer.indexOf(String.fromCharCode(unit), this.index + 1)
    this.index = at < 0 ? this.buffer.length - 1 : at
    return at >= 0
  }

  /** Goes to just before the place, or to an ampersand before it. */
  private skipTo(place: number): void {
    if (this.ampersand < this.index) this.ampersand = this.find('&')
    this.index = Math.min(place, this.ampersand) - 1
  }

  /** Goes to the unit that may end a name, or to the page's last one; gives it. Names are short: to look is less than to search. */
  private toNameEnd(): number {
    const { buffer } = this
    const last = buffer.length - 1
    let { index } = this
    let unit = buffer.charCodeAt(index)
    while (index < last && endsName[unit] !== 1) unit = buffer.charCodeAt(++index)
    this.index = index
    return unit
  }

  private find(what: string): number {
    const at = this.buffer.indexOf(what, this.index)
    return at < 0 ? this.buffer.length : at
  }
}
