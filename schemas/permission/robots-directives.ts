/** The words of an X-Robots-Tag or a meta robots value. */
import type { PageSignals } from './page-signals.ts'

/** Directives with a value of their own, which may hold colons and commas: `unavailable_after: 25 Jun 2010 15:00:00 PST`. */
const VALUED = /^(unavailable_after|max-[a-z-]+)$/i

/** Directives that a value gives our agent, lower case: `otherbot: noindex` gives none. A name holds for what follows it, up to the next name. */
export function robotsDirectives(value: string, agent: string): string[] {
  const words: string[] = []
  let isOurs = true
  for (const piece of value.split(',')) {
    const [, name, rest = ''] = /^\s*([a-z_-]{1,64})\s*:(.*)$/is.exec(piece) ?? []
    const isName = name !== undefined && !VALUED.test(name)
    if (isName) isOurs = name.toLowerCase() === agent.toLowerCase()
    if (isOurs) words.push(...(isName ? rest : piece).toLowerCase().split(/\s+/))
  }
  return words.filter((word) => word !== '')
}

/**
 * Whether a page's head asks our agent, by name, not to index it. What it asks of all robots, and what a header asks of anybody, the pipeline
 * refuses by itself.
 */
export function asksUsNotToIndex({ metas }: PageSignals, agent: string): boolean {
  return metas
    .filter(({ name }) => name === agent.toLowerCase())
    .flatMap(({ content }) => robotsDirectives(content, agent))
    .some((word) => word === 'noindex' || word === 'none')
}
