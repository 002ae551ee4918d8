import type { Random } from '../../core/effects/index.ts'
import type { Vocabulary } from './words.ts'

export interface GeneratedText {
  title: string
  paragraphs: string[]
}

/** A text of about `words` words: grammatical noise in the vocabulary's language, its own for every stream of chance. */
export function generateText(random: Random, vocabulary: Vocabulary, words: number): GeneratedText {
  const title = capitalised(`${pick(random, vocabulary.nouns)} ${pick(random, vocabulary.verbs)} ${pick(random, vocabulary.nouns)}`)
  const paragraphs: string[] = []
  for (let count = 0; count < words; ) {
    const sentences: string[] = []
    const length = 3 + random.int(4)
    for (let i = 0; i < length && count < words; i++) {
      const made = sentence(random, vocabulary)
      count += made.split(' ').length
      sentences.push(made)
    }
    paragraphs.push(sentences.join(' '))
  }
  return { title, paragraphs }
}

function sentence(random: Random, { nouns, verbs, qualities, places, times, patterns }: Vocabulary): string {
  const gaps: Record<string, string[]> = { N: nouns, V: verbs, Q: qualities, P: places, T: times }
  const filled = pick(random, patterns).replace(/\b[NVQPT]\b/g, (gap) => pick(random, gaps[gap] as string[]))
  return capitalised(filled)
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.int(items.length)] as T
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
