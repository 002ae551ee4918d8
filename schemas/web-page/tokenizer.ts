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
  handleInAttributeValue(unit: number, quote: number): void
  fastForwardTo(unit: number): boolean
}
const Whole = Tokenizer as unknown as new (options: object, callbacks: TokenizerCallbacks) => Inner

const AMPERSAND = 0x26
const LESS_THAN = 0x3c

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

  private find(what: string): number {
    const at = this.buffer.indexOf(what, this.index)
    return at < 0 ? this.buffer.length : at
  }
}
