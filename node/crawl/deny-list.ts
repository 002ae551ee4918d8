/** Where a contributor does not want to go: a file that may be edited while the crawl runs. */
import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '../../core/effects/index.ts'
import { InvalidInputError } from '../../core/errors/index.ts'

const MAX_BYTES = 4 << 20
const CHECK_EVERY_MS = 1000

/** What `denies` answers from. Rules as they stand in the file, for the journal. */
interface Rules {
  hosts: Map<string, string>
  domains: Map<string, string>
  prefixes: string[]
}

/**
 * One rule a line; `#` begins a comment. `example.org` is that host on every port, `example.org:8080` that host and port; `*.example.org` is
 * example.org and every name below it; `https://example.org/private` is every URL that begins so.
 */
export class DenyList {
  readonly #file: string
  readonly #clock: Clock
  #rules: Rules = { hosts: new Map(), domains: new Map(), prefixes: [] }
  #stamp = ''
  #nextCheck = 0

  private constructor(file: string, clock: Clock) {
    this.#file = file
    this.#clock = clock
  }

  /** Throws InvalidInputError DENY_LIST_MISSING, DENY_LIST_TOO_LARGE or BAD_DENY_LIST: a list that cannot be read must not be taken for an empty one. */
  static async open(file: string, clock: Clock): Promise<DenyList> {
    const list = new DenyList(file, clock)
    await list.refresh()
    return list
  }

  /** Reads the file again when it changed; looks at most once a second. A list that became unreadable leaves the last one in force. */
  async refresh(): Promise<void> {
    const now = this.#clock.now()
    if (now < this.#nextCheck) return
    const isFirst = this.#nextCheck === 0
    this.#nextCheck = now + CHECK_EVERY_MS
    try {
      await this.#read()
    } catch (thrown) {
      if (isFirst) throw thrown
    }
  }

  async #read(): Promise<void> {
    const found = await stat(this.#file).catch((cause: unknown) => {
      throw new InvalidInputError('DENY_LIST_MISSING', `${this.#file} cannot be read; an empty file denies nothing`, { cause })
    })
    if (found.size > MAX_BYTES) throw new InvalidInputError('DENY_LIST_TOO_LARGE', `${this.#file} has more than ${MAX_BYTES} bytes`)
    const stamp = `${found.mtimeMs} ${found.size} ${found.ino}`
    if (stamp === this.#stamp) return
    this.#rules = parseDenyList(await readFile(this.#file, 'utf8'))
    this.#stamp = stamp
  }

  /** The rule that keeps us from a URL; undefined where none does. */
  denies(url: string): string | undefined {
    const { hosts, domains, prefixes } = this.#rules
    const { host, hostname } = new URL(url)
    const byHost = hosts.get(host) ?? hosts.get(hostname)
    if (byHost !== undefined) return byHost
    if (domains.size > 0)
      for (let name = hostname; name !== ''; name = name.includes('.') ? name.slice(name.indexOf('.') + 1) : '') {
        const rule = domains.get(name)
        if (rule !== undefined) return rule
      }
    return prefixes.find((prefix) => url.startsWith(prefix))
  }
}

function parseDenyList(text: string): Rules {
  const rules: Rules = { hosts: new Map(), domains: new Map(), prefixes: [] }
  text.split(/\r?\n/).forEach((line, i) => {
    const rule = line.replace(/(^|\s)#.*$/, '').trim()
    if (rule === '') return
    const isPrefix = /^https?:\/\//i.test(rule)
    const url = isPrefix ? URL.parse(rule) : /^[^/?#@\s]+$/.test(rule) ? URL.parse(`http://${rule.replace(/^\*\./, '')}/`) : null
    if (url === null) throw new InvalidInputError('BAD_DENY_LIST', `line ${i + 1} is no host, *.domain or http(s) URL`)
    if (isPrefix) rules.prefixes.push(url.href)
    else if (rule.startsWith('*.')) rules.domains.set(url.hostname, rule)
    else rules.hosts.set(url.host, rule)
  })
  return rules
}
