/**
 * Rows that nobody lived, put among the others of one release: where they turn up, that release was copied. What they say follows from the
 * operator's key and the names of release and trainer; when, where and from what they seem to be, from combinations that k people share.
 */
import { type ByteSource, uniformBelow } from '../pool-statistics/index.ts'
import type { ActivityEvent } from '../../schemas/activity/index.ts'
import type { Quasi } from './anonymise.ts'
import { keyedBytes, personOf } from './derive.ts'
import { rowLine } from './row.ts'
import { WORDS } from './words.ts'

/** Rows that one made-up person has. */
const ROWS_EACH = 12
/** Of 256 each: one in 2^40 that somebody else put them in this order. */
const WORDS_EACH = 5

const phraseOf = (releaseKey: Uint8Array, i: number): string =>
  [...keyedBytes(releaseKey, `quern/canary-phrase/v1\0${i}`)(WORDS_EACH)].map((byte) => WORDS[byte]).join(' ')

/** What a source's rows look like. */
function eventOf(source: string | null, phrase: string): Pick<ActivityEvent, 'type' | 'object' | 'context'> {
  if (source === 'spotify') return { type: 'Listen', object: { kind: 'track', name: phrase } }
  if (source === 'netflix' || source === 'tiktok') return { type: 'View', object: { kind: 'video', name: phrase } }
  return { type: 'Search', object: { kind: 'query', text: phrase } }
}

/** Lines of each made-up person, by its name. Empty where nothing is published that they could be like. */
export function makeCanaries(
  { releaseKey, secret, count }: { releaseKey: Uint8Array; secret: Uint8Array; count: number },
  classes: readonly Quasi[],
): Map<string, string[]> {
  const people = new Map<string, string[]>()
  // the phrases are of English words: among rows of another language they would stand out
  const fitting = classes.filter(({ lang }) => lang === null || lang === 'en')
  if (fitting.length === 0) return people
  const source: ByteSource = { bytes: keyedBytes(releaseKey, 'quern/canary-class/v1\0') }
  for (let i = 0; i < count; i++) {
    const quasi = fitting[Number(uniformBelow(BigInt(fitting.length), source))] as Quasi
    const person = personOf(secret, `canary ${Math.floor(i / ROWS_EACH)}`)
    const lines = people.get(person) ?? []
    lines.push(rowLine(person, eventOf(quasi.source, phraseOf(releaseKey, i)), quasi))
    people.set(person, lines)
  }
  return people
}

/**
 * How many of a release's canaries stand in these texts, wherever in them: lines of a copy, or what a model says. Two or more are no accident.
 * `texts` are read once and not kept.
 */
export async function recognise(
  { releaseKey, count }: { releaseKey: Uint8Array; count: number },
  texts: Iterable<string> | AsyncIterable<string>,
): Promise<{ found: number; of: number }> {
  const phrases = new Set(Array.from({ length: count }, (_, i) => phraseOf(releaseKey, i)))
  const of = phrases.size
  for await (const text of texts) {
    const lower = text.toLowerCase()
    for (const phrase of phrases) if (lower.includes(phrase)) phrases.delete(phrase)
  }
  return { found: of - phrases.size, of }
}
