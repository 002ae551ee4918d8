/** A line put together of pieces whose white space is collapsed: `cleanLine` of all of them joined, without looking at their characters again. */
import { isSpace } from './text.ts'

const BLANK = 0x20
/** Stands for a line break until the line is written; collapsed text never holds one. */
export const BREAK = '\u0000'

export class Line {
  /** Without a space at its start. */
  private text = ''
  /** Whether a space stood before the text, or in place of any; whether the text ends with one. */
  before = false
  after = false
  /** Has pieces that are not collapsed: only `cleanLine` makes a line of it. */
  isRaw = false
  /** Whether it holds a line break. */
  hasBreak = false

  /** White space runs of the piece must be single spaces, at its ends too, as `collapse` leaves them. */
  add(piece: string): void {
    if (piece === '') return
    const starts = piece.charCodeAt(0) === BLANK
    if (this.text === '') {
      if (starts) this.before = true
      this.text = starts ? piece.slice(1) : piece
    } else this.text += starts && this.after ? piece.slice(1) : piece
    this.after = piece.charCodeAt(piece.length - 1) === BLANK && this.text !== ''
  }

  /** Adds text as the page has it. An invisible character at its end is one: no space is seen behind it. */
  addRaw(piece: string): void {
    if (piece === '') return
    this.isRaw = true
    this.hasBreak ||= piece.includes(BREAK)
    if (this.text === '') this.before ||= isSpace(piece.charCodeAt(0))
    this.text += piece
    this.after = isSpace(piece.charCodeAt(piece.length - 1))
  }

  addBreak(): void {
    this.addSolid(BREAK)
    this.hasBreak = true
  }

  /** Adds what neither begins nor ends with a space. */
  addSolid(piece: string): void {
    if (piece === '') return
    this.text += piece
    this.after = false
  }

  /** Adds another line with the spaces at its ends. */
  addLine({ text, before, isRaw, hasBreak }: Line): void {
    if (before) this.add(' ')
    if (isRaw) this.addRaw(text)
    else this.add(text)
    this.hasBreak ||= hasBreak
  }

  /** The line without the spaces at its ends. */
  core(): string {
    return this.after ? this.text.slice(0, -1) : this.text
  }

  /** The line with the spaces at its ends. */
  whole(): string {
    return this.before ? ` ${this.text}` : this.text
  }

  /** The line without the spaces at its ends; what is added next begins a new one. */
  take(): string {
    const core = this.core()
    this.text = ''
    this.before = this.after = this.isRaw = this.hasBreak = false
    return core
  }
}
