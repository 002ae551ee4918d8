/** RFC 9651 dictionaries, as far as we need them: which keys hold which token; every other value is known to be something else. */

/** A member's bare value: a token by its text, anything else (strings, numbers, booleans, inner lists…) as null. */
export type Dictionary = Map<string, string | null>

/** Members in order of their last mention, parameters checked and dropped; undefined when any part fails to parse (then all of it is ignored). */
export function parseDictionary(text: string): Dictionary | undefined {
  if (text.length > MAX_LENGTH) return undefined
  const parser = new Parser(text)
  try {
    return parser.dictionary()
  } catch (thrown) {
    if (thrown === FAILED) return undefined
    throw thrown
  }
}

/** RFC 9651 asks for room for 1024 members. */
const MAX_LENGTH = 1 << 16
const FAILED = Symbol('not a structured field')

class Parser {
  private at = 0
  private readonly text: string

  constructor(text: string) {
    this.text = text
  }

  dictionary(): Dictionary {
    const members: Dictionary = new Map()
    this.take(/ */y)
    while (this.at < this.text.length) {
      const key = this.key()
      const value = this.take(/=/y) === undefined ? null : this.member()
      this.parameters()
      // the last mention of a key counts
      members.delete(key)
      members.set(key, value)
      this.take(/[ \t]*/y)
      if (this.at === this.text.length) return members
      this.need(/,[ \t]*/y)
      if (this.at === this.text.length) throw FAILED
    }
    return members
  }

  private key(): string {
    return this.need(/[a-z*][a-z0-9_.*-]*/y)
  }

  private member(): string | null {
    if (this.take(/\(/y) === undefined) return this.bareItem()
    for (;;) {
      this.take(/ */y)
      if (this.take(/\)/y) !== undefined) return null
      this.bareItem()
      this.parameters()
      if (!/[ )]/.test(this.text[this.at] ?? '')) throw FAILED
    }
  }

  private bareItem(): string | null {
    const token = this.take(/[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y)
    if (token !== undefined) return token
    const other =
      this.take(/-?(?:\d{1,12}\.\d{1,3}(?![\d.])|\d{1,15}(?![\d.]))/y) ??
      this.take(/"(?:[ !#-[\]-~]|\\["\\])*"/y) ??
      this.take(/:[A-Za-z0-9+/=]*:/y) ??
      this.take(/\?[01]/y) ??
      this.take(/@-?\d{1,15}(?![\d.])/y) ??
      this.take(/%"(?:[ !#-$&-~]|%[0-9a-f]{2})*"/y)
    if (other === undefined) throw FAILED
    return null
  }

  private parameters(): void {
    while (this.take(/; */y) !== undefined) {
      this.key()
      if (this.take(/=/y) !== undefined) this.bareItem()
    }
  }

  private need(pattern: RegExp): string {
    const found = this.take(pattern)
    if (found === undefined) throw FAILED
    return found
  }

  private take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)?.[0]
    if (found !== undefined) this.at += found.length
    return found
  }
}
