/** Opt-outs as the log holds them: `domain` covers itself and all below; `pattern` narrows it to paths, in the words of RFC 9309 2.2.3. */
import { matchesUrl } from '../../schemas/permission/index.ts'

export interface OptOut {
  index: number
  domain: string
  pattern: string | null
}

/**
 * The first opt-out (lowest log index) that covers a record. `from` of the entry plays no part: once an owner's no is known, nothing of theirs
 * is released, whenever it was fetched. A pattern needs the record's URL; without it the record counts as covered.
 */
export function optOutOf(optouts: readonly OptOut[], host: string, url: string | undefined): OptOut | undefined {
  return optouts.find(({ domain, pattern }) => {
    if (!coversHost(domain, host)) return false
    // a URL nobody can read matches any pattern: better one record too few than one against its owner's word
    return pattern === null || url === undefined || URL.parse(url) === null || matchesUrl(pattern, url)
  })
}

/** Whether some opt-out's answer for this host depends on the URL. */
export function needsUrl(optouts: readonly OptOut[], host: string): boolean {
  return optouts.some(({ domain, pattern }) => pattern !== null && coversHost(domain, host))
}

/** `example.org` covers `example.org`, `www.example.org` and `example.org:8080`; case and a final dot do not matter. */
export function coversHost(domain: string, host: string): boolean {
  const wanted = plain(domain)
  if (wanted === '') return false
  return [plain(host), plain(host.replace(/:\d+$/, ''))].some((name) => name === wanted || name.endsWith(`.${wanted}`))
}

const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/^\*?\./, '')
    .replace(/\.$/, '')

/** Opt-outs by domain, for many questions: each looks only at the names that are above its host. Takes up what a growing list adds. */
export class OptOutIndex {
  readonly #byDomain = new Map<string, OptOut[]>()
  #taken = 0

  /** `optouts` only ever grows, as the log does. */
  take(optouts: readonly OptOut[]): this {
    for (; this.#taken < optouts.length; this.#taken++) {
      const optout = optouts[this.#taken] as OptOut
      const name = plain(optout.domain)
      const known = this.#byDomain.get(name)
      if (known) known.push(optout)
      else this.#byDomain.set(name, [optout])
    }
    return this
  }

  /** As `optOutOf`. */
  find(host: string, url: string | undefined): OptOut | undefined {
    return optOutOf(this.#above(host), host, url)
  }

  /** The first that covers everything of a host. Only this closes its rule files: they say what of the rest is closed. */
  findWhole(host: string): OptOut | undefined {
    return this.#above(host).find(({ pattern }) => pattern === null)
  }

  /** Those that cover the host or some of it, by log index. */
  #above(host: string): OptOut[] {
    if (this.#byDomain.size === 0) return []
    const found = namesAbove(host).flatMap((name) => this.#byDomain.get(name) ?? [])
    return found.filter(({ domain }) => coversHost(domain, host)).toSorted((a, b) => a.index - b.index)
  }
}

/** `a.b.example:8080`, `b.example:8080`, `example:8080` and the same without the port. */
function namesAbove(host: string): string[] {
  const names = new Set<string>()
  for (const whole of [plain(host), plain(host.replace(/:\d+$/, ''))])
    for (let at = 0; at !== -1 && names.size < 512; at = whole.indexOf('.', at + 1)) names.add(at === 0 ? whole : whole.slice(at + 1))
  return [...names]
}
