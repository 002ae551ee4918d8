/** Names of people that an export itself knows, found again in its texts. */
import type { Span } from './span.ts'

export interface Person {
  /** What stands for the person: `P7`. */
  pseudonym: string
  names: readonly string[]
  handles: readonly string[]
}

interface Alias {
  /** Folded words. */
  words: string[]
  pseudonym: string
  /** Must be written with a capital: a given name alone could be a word. */
  capital: boolean
  /** Needs `@`, `u/` or `/` before it: a short or wordlike handle. */
  marked: boolean
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu
/** Given names that are everyday words as well; alone they are no name. */
const WORDLIKE = new Set(
  'will may mark rose grace faith hope art bill grant april june august summer autumn joy sky storm chase hunter olive king prince young long white black green brown gray grey stone wood hill lake rivers day price page bell bird fox wolf baker cook fisher smith miller taylor cooper mann klein gross lang kurz weiss schwarz braun koch bauer fischer jäger sommer winter herbst frost stern engel kaiser könig mar sol cruz flores ríos campo león petit blanc noir dolce bianco rosso an am in so do ed al el la le de no on or my me we us it is to be by if as at go ok er es ja im um zu du da he hi mr dr ms st si se su lo te tu un une il les des et est en au aux ou mama papa mom dad mum oma opa mutti vati mamma'.split(
    ' ',
  ),
)
/** Endings that languages hang on a name. */
const ENDING =
  /^(?:s|es|n|en|a|u|y|i|ę|ą|o|e|em|om|om|ie|owi|iem|ą|ами|ом|ем|ой|ей|у|ю|а|я|ы|и|е|in|ın|un|ün|nin|ta|lle|lla|ssa|sta|n|t|nak|nek|ot|t|val)$/u

/** An index of the people of an export. Pure: the same people and text give the same spans. */
export class NameIndex {
  readonly #byFirst = new Map<string, Alias[]>()
  /** Parts of names, with and without a last vowel: what an ending is hung on. */
  readonly #roots = new Set<string>()
  /** Names in scripts without spaces, and parts of them that need a title behind. */
  readonly #unspaced = new Map<string, { pseudonym: string; titled: boolean }>()
  /** How long those are that begin with these two units, longest first. */
  readonly #lengths = new Map<string, number[]>()
  readonly #shared = new Map<string, string>()

  constructor(people: readonly Person[]) {
    for (const { pseudonym, names, handles } of people) {
      for (const name of names) for (const spelt of spellingsOf(name)) this.#addName(spelt, pseudonym)
      for (const handle of handles) this.#addHandle(handle, pseudonym)
    }
    for (const aliases of this.#byFirst.values()) aliases.sort((a, b) => b.words.length - a.words.length)
  }

  get size(): number {
    return this.#byFirst.size + this.#unspaced.size
  }

  #addName(name: string, pseudonym: string): void {
    const bare = name.normalize('NFC').trim()
    // one of several parts may stand among words as well: 西村 あすか is found where only 西村 stands between spaces
    if (isUnspaced(bare) && this.#addUnspaced(bare, pseudonym) < 2) return
    const words = wordsOf(bare)
    if (words.length === 0) return
    const folded = words.map(fold)
    // Will May: in small letters it is a sentence
    const capital = folded.every((word) => WORDLIKE.has(word))
    if (words.length === 1) {
      if (!WORDLIKE.has(folded[0] as string) && bare.length >= 2)
        this.#add({ words: folded, pseudonym, capital: /\p{Lu}/u.test(bare), marked: false })
      return
    }
    this.#add({ words: folded, pseudonym, capital, marked: false })
    // "Schmidt, Anna" and "Schmidt Anna"; "García López, Ana"
    if (!capital)
      for (let cut = 1; cut < folded.length && cut <= MOST_GIVEN; cut++)
        this.#add({ words: [...folded.slice(cut), ...folded.slice(0, cut)], pseudonym, capital, marked: false })
    if (words.length > 2) this.#add({ words: [folded[0] as string, folded.at(-1) as string], pseudonym, capital, marked: false })
    for (const [i, word] of words.entries()) {
      const part = folded[i] as string
      if (word.length >= 2 && /^\p{L}/u.test(word) && !/^\p{Ll}/u.test(word) && !WORDLIKE.has(part) && !PARTICLES.has(part))
        this.#add({ words: [part], pseudonym, capital: true, marked: false })
    }
  }

  /** Written together or apart, family name first or last; one part of it alone where a title of address follows. How many parts it has. */
  #addUnspaced(bare: string, pseudonym: string): number {
    const parts = bare.split(BETWEEN_PARTS).filter((part) => part !== '')
    const orders = parts.length > 1 ? [parts, parts.toReversed()] : [parts]
    for (const text of [bare, ...orders.flatMap((order) => ['', ' ', '\u3000', '・'].map((between) => order.join(between)))])
      this.#addScript(text, pseudonym, false)
    if (parts.length > 1) for (const part of parts) this.#addScript(part, pseudonym, true)
    return parts.length
  }

  /** A single unit is a word of its own in these scripts. */
  #addScript(text: string, pseudonym: string, titled: boolean): void {
    if (text.length < 2 || text.length > LONGEST_UNSPACED) return
    const known = this.#unspaced.get(text)
    if (known === undefined || (known.titled && !titled)) this.#unspaced.set(text, { pseudonym, titled })
    if (known !== undefined) return
    const lengths = this.#lengths.get(text.slice(0, 2)) ?? []
    if (!lengths.includes(text.length)) lengths.push(text.length)
    this.#lengths.set(
      text.slice(0, 2),
      lengths.toSorted((a, b) => b - a),
    )
  }

  #addHandle(handle: string, pseudonym: string): void {
    const bare = handle.replace(/^(?:@|\/?u\/)/i, '').trim()
    const folded = wordsOf(bare).map(fold)
    if (folded.length === 0) return
    const isWordlike = folded.length === 1 && !/\d/.test(bare) && (bare.length < 5 || WORDLIKE.has(folded[0] as string))
    this.#add({ words: folded, pseudonym, capital: false, marked: isWordlike || (folded.length === 1 && bare.length < 4) })
  }

  #add(alias: Alias): void {
    const [word = ''] = alias.words
    if (alias.capital && alias.words.length === 1) this.#roots.add(word).add(word.replace(/[aая]$/, ''))
    const key = `${alias.words.join(' ')}${alias.capital ? ' C' : ''}`
    const known = this.#shared.get(key)
    const list = this.#byFirst.get(alias.words[0] as string) ?? []
    if (known === undefined) {
      this.#shared.set(key, alias.pseudonym)
      list.push(alias)
      this.#byFirst.set(alias.words[0] as string, list)
    } else if (known !== alias.pseudonym) {
      // two people of one name: the text cannot tell them apart, and neither do we
      const other = list.find((one) => one.capital === alias.capital && one.words.join(' ') === alias.words.join(' '))
      if (other) other.pseudonym = known < alias.pseudonym ? known : alias.pseudonym
    }
  }

  /** Where in the text these people are named: names in any case, parts of names with a capital, handles. */
  find(text: string): Span[] {
    const found = this.#findUnspaced(text)
    if (this.#byFirst.size === 0) return found
    const tokens = [...text.matchAll(WORD)].map((match) => ({
      start: match.index,
      end: match.index + match[0].length,
      raw: match[0],
      folded: fold(match[0]),
    }))
    for (let i = 0; i < tokens.length; i++) {
      const hit = this.#longestAt(text, tokens, i)
      if (hit === undefined) continue
      const [first, last] = [tokens[i] as Token, tokens[i + hit.words.length - 1] as Token]
      const sign = /(?:@|(?<![\p{L}\p{N}])u\/)$/iu.exec(text.slice(Math.max(0, first.start - 2), first.start))?.[0].length ?? 0
      found.push({ start: first.start - sign, end: last.end, kind: 'person', person: hit.pseudonym })
      i += hit.words.length - 1
    }
    return found
  }

  /** Longest first, as spans that overlap are chosen. */
  #findUnspaced(text: string): Span[] {
    const found: Span[] = []
    // oxlint-disable-next-line no-control-regex
    if (this.#unspaced.size === 0 || /^[\u0000-\u024f]*$/.test(text)) return found
    for (let start = 0; start + 1 < text.length; start++) {
      if (text.charCodeAt(start) < 0x0e00) continue
      for (const length of this.#lengths.get(text.slice(start, start + 2)) ?? []) {
        const end = start + length
        const name = this.#unspaced.get(text.slice(start, end))
        if (name === undefined || (name.titled && !isTitled(text, start, end))) continue
        found.push({ start, end, kind: 'person', person: name.pseudonym })
        break
      }
    }
    return found.toSorted((a, b) => b.end - b.start - (a.end - a.start))
  }

  #longestAt(text: string, tokens: readonly Token[], i: number): Alias | undefined {
    const token = tokens[i] as Token
    let best: Alias | undefined
    // most words name nobody: the cheap question first. Only a part of a name bends, and that is written with a capital
    if (!this.#byFirst.has(token.folded) && (/^\p{Ll}|^\d/u.test(token.raw) || !this.#mayBend(token.folded))) return undefined
    const keys = keysOf(token.folded)
    for (const [key, exact] of keys) {
      for (const alias of this.#byFirst.get(key) ?? []) {
        if (best !== undefined && alias.words.length <= best.words.length) continue
        if (!exact && (alias.words.length > 1 || !alias.capital)) continue
        if (alias.capital && !/^\p{Lu}|^\p{Lo}/u.test(token.raw)) continue
        if (alias.marked && !/(?:@|\/)$/.test(text.slice(Math.max(0, token.start - 1), token.start))) continue
        if (this.#follows(text, tokens, i, alias)) best = alias
      }
    }
    return best
  }

  #mayBend(folded: string): boolean {
    for (let cut = 1; cut <= 3 && folded.length - cut >= 3; cut++) if (this.#roots.has(folded.slice(0, -cut))) return true
    return false
  }

  #follows(text: string, tokens: readonly Token[], i: number, { words, capital }: Alias): boolean {
    for (let k = 1; k < words.length; k++) {
      const [before, token] = [tokens[i + k - 1] as Token, tokens[i + k]]
      if (token === undefined) return false
      const isLast = k === words.length - 1
      if (capital && !/^\p{Lu}/u.test(token.raw)) return false
      if (token.folded !== words[k] && !(isLast && inflects(token.folded, words[k] as string))) return false
      const gap = text.slice(before.end, token.start)
      if (gap.length > 3 || /[\n!?;:]/.test(gap)) return false
    }
    return true
  }
}

interface Token {
  start: number
  end: number
  raw: string
  folded: string
}

const PARTICLES = new Set('von van der den das dos del della de la le di da du bin ibn al el und and the mac y e'.split(' '))

/** The word itself, and what it would be without an ending. */
function* keysOf(folded: string): Generator<[key: string, exact: boolean]> {
  yield [folded, true]
  for (let cut = 1; cut <= 3 && folded.length - cut >= 3; cut++) {
    const [stem, ending] = [folded.slice(0, -cut), folded.slice(-cut)]
    if (!ENDING.test(ending)) continue
    yield [stem, false]
    // Anna, Annę, Anny; Мария, Марии
    yield [`${stem}a`, false]
    yield [`${stem}а`, false]
    yield [`${stem}я`, false]
  }
}

function inflects(folded: string, word: string): boolean {
  for (const [key] of keysOf(folded)) if (key === word) return true
  return false
}

/** Lower case without marks: Zoë and ZOE are one. */
export function fold(word: string): string {
  const lower = word.toLowerCase()
  // oxlint-disable-next-line no-control-regex
  return /^[\u0000-\u007f]*$/.test(lower)
    ? lower
    : lower.normalize('NFD').replace(/\p{M}/gu, '').replaceAll('ß', 'ss').replaceAll('ł', 'l').replaceAll('ø', 'o').replaceAll('ı', 'i')
}

/** What people write who have no such key: Müller is Mueller, Søren Soeren. `fold` has Muller already. */
const SPELT_OUT: Record<string, string> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ø: 'oe',
  å: 'aa',
  æ: 'ae',
  Ä: 'Ae',
  Ö: 'Oe',
  Ü: 'Ue',
  Ø: 'Oe',
  Å: 'Aa',
  Æ: 'Ae',
}

const SPELT = /[äöüøåæ]/i

function spellingsOf(name: string): string[] {
  const composed = name.normalize('NFC')
  const spelt = composed.replace(/[äöüøåæ]/gi, (letter) => SPELT_OUT[letter] as string)
  // two letters for one make a word of what was none: Dü, Due
  return spelt === composed || wordsOf(composed).some((word) => word.length < 4 && SPELT.test(word)) ? [name] : [name, spelt]
}

const wordsOf = (text: string): string[] => [...text.matchAll(WORD)].map((match) => match[0])

/** How many words of a name may be given names, when the family's stands first. */
const MOST_GIVEN = 4
/** A name of such a script in UTF-16 units; what is longer is a sentence. */
const LONGEST_UNSPACED = 64
const BETWEEN_PARTS = /[\s・·]+/u
/** What people of these languages put behind a name that they call somebody by. */
const TITLE = /^(?: ?(?:さん|さま|様|くん|君|ちゃん|氏|先生|先輩|殿|님|씨|선생|老师|老師|小姐|女士|同学)|군|양)/u
/** A letter and one of its own script: between them no word begins, for all that a name can tell. */
const WITHIN =
  /\p{sc=Han}\p{sc=Han}|\p{sc=Hangul}\p{sc=Hangul}|\p{scx=Katakana}\p{scx=Katakana}|\p{scx=Hiragana}\p{scx=Hiragana}|\p{sc=Thai}\p{sc=Thai}/u

function isTitled(text: string, start: number, end: number): boolean {
  return TITLE.test(text.slice(end, end + 4)) && !WITHIN.test(text.slice(Math.max(0, start - 1), start + 1))
}

/** Scripts that put no space between words; a name may have one between its parts. */
const isUnspaced = (text: string): boolean =>
  /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Hangul}・·\s]+$/u.test(text) && /\p{L}/u.test(text)
