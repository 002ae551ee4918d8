/** A generated web: hosts and pages from a seed. Any page can be made again at any time from its URL alone; the last ones are remembered. */
import { Lru } from '../../schemas/cache/index.ts'
import type { Random } from '../../core/effects/index.ts'
import { sha256, utf8 } from '../../schemas/wire/index.ts'
import { seededRandom } from '../world/index.ts'
import { generateText } from './text.ts'
import { type Vocabulary, vocabularies } from './words.ts'

export type HostClass = 'static' | 'normal' | 'dynamic'

export interface SimSiteOptions {
  seed: number
  hosts?: number
  /** Least and most. */
  pagesPerHost?: [number, number]
  /** Words of a page, least and most; short pages are commoner. */
  words?: [number, number]
  /** The first so many hosts reserve themselves from training in robots.txt. */
  reservedHosts?: number
  /** Every fetch shows a page as it usually stands. */
  isStill?: boolean
}

export interface SimHost {
  name: string
  class: HostClass
  language: string
  pages: number
  reserved: boolean
}

const CLASSES: HostClass[] = ['static', 'normal', 'dynamic']
/** Hosts take turns. */
const LANGUAGES = ['en', 'de', 'fr', 'es']
/** Chance in ppm, by class, that one fetch shows another text than the page's usual one. Half of what two fetches then differ by: 1, 3 and 10 %. */
const NOISE_PPM: Record<HostClass, number> = { static: 5_000, normal: 15_000, dynamic: 50_000 }
const LINKS = 8
const PAGES_REMEMBERED = 4096

export class SimSite {
  readonly hosts: SimHost[]
  readonly #seed: number
  readonly #words: [number, number]
  readonly #isStill: boolean
  readonly #byName: Map<string, SimHost>
  readonly #pages = new Lru<string, Uint8Array>(PAGES_REMEMBERED)

  constructor({ seed, hosts = 8, pagesPerHost = [20, 60], words = [80, 900], reservedHosts = 0, isStill = false }: SimSiteOptions) {
    this.#seed = seed
    this.#isStill = isStill
    this.#words = words
    this.hosts = Array.from({ length: hosts }, (_, i) => ({
      name: `h${i}.sim.test`,
      class: CLASSES[i % CLASSES.length] as HostClass,
      language: LANGUAGES[Math.floor(i / CLASSES.length) % LANGUAGES.length] as string,
      pages: between(this.#chance(`host ${i}`), pagesPerHost),
      reserved: i < reservedHosts,
    }))
    this.#byName = new Map(this.hosts.map((host) => [host.name, host]))
  }

  /** The front page of every host that is open to training. */
  get seeds(): string[] {
    return this.hosts.filter(({ reserved }) => !reserved).map(({ name }) => `https://${name}/`)
  }

  host(name: string): SimHost | undefined {
    return this.#byName.get(name)
  }

  /** HTML of a path; undefined where nothing is. `draw` names the fetch: one in a few shows a changed text, as real pages do. */
  page(name: string, path: string, draw: string): Uint8Array | undefined {
    const host = this.#byName.get(name)
    if (host === undefined) return undefined
    const number = Number(/^\/p\/(\d{1,9})$/.exec(path)?.[1] ?? -1)
    if (path !== '/' && path !== '/private/' && (number < 0 || number >= host.pages)) return undefined
    if (path === '/') return utf8(frontPage(host, this.#word(host, path, draw) % host.pages))
    const variant = number < 0 || this.#isStill ? 0 : this.#variant(host, path, draw)
    return this.#pages.recall(`${name}${path} ${variant}`, () =>
      utf8(number < 0 ? shell(host, 'Private', '<p>Not for robots.</p>', []) : this.#article(host, number, variant)),
    )
  }

  robots(name: string): string | undefined {
    const host = this.#byName.get(name)
    if (host === undefined) return undefined
    return `User-agent: *\nDisallow: /private/\n${host.reserved ? 'Content-Signal: search=yes, ai-train=no\n' : ''}`
  }

  /** 0 is the page as it usually stands. */
  #variant(host: SimHost, path: string, draw: string): number {
    const word = this.#word(host, path, draw)
    return word % 1_000_000 < NOISE_PPM[host.class] ? 1 + (Math.floor(word / 1_000_000) % 250) : 0
  }

  /** A chance of 32 bits that belongs to one fetch of one page. */
  #word(host: SimHost, path: string, draw: string): number {
    return new DataView(sha256(utf8(`quern/sim-web/${this.#seed}/${host.name}${path}\0${draw}`)).buffer).getUint32(0)
  }

  #article(host: SimHost, number: number, variant: number): string {
    const random = this.#chance(`${host.name} ${number} ${variant}`)
    const vocabulary = vocabularies.find(({ language }) => language === host.language) as Vocabulary
    const [least, most] = this.#words
    // the square makes short pages common and long ones rare
    const unit = random.int(1000)
    const words = least + Math.floor(((most - least) * unit * unit) / 1_000_000)
    const { title, paragraphs } = generateText(random, vocabulary, words)
    const links = Array.from({ length: LINKS }, (_, i) => this.#linkFrom(host, number, i, random))
    return shell(host, title, `<h1>${title}</h1>\n${paragraphs.map((text) => `<p>${text}</p>`).join('\n')}`, links)
  }

  /** The next pages of the host, some anywhere in it, one elsewhere, one that robots must not follow. */
  #linkFrom(host: SimHost, number: number, i: number, random: Random): string {
    if (i < 3) return `/p/${(number * 3 + i + 1) % host.pages}`
    if (i === LINKS - 1) return '/private/'
    if (i > 5) {
      const other = this.hosts[random.int(this.hosts.length)] as SimHost
      return `https://${other.name}/p/${random.int(other.pages)}`
    }
    return `/p/${random.int(host.pages)}`
  }

  #chance(name: string): Random {
    return seededRandom(this.#seed, `web ${name}`)
  }
}

/** Links to thirty pages from `start` on. Every visit finds others in front, or all who crawl a host would begin with the same ones. */
function frontPage(host: SimHost, start: number): string {
  const links = Array.from({ length: Math.min(host.pages, 30) }, (_, i) => `/p/${(start + i) % host.pages}`)
  return shell(host, host.name, `<h1>${host.name}</h1>`, links)
}

/** Three ways to build a page, by class. */
function shell(host: SimHost, title: string, content: string, links: string[]): string {
  const anchors = links.map((href, i) => `<li><a href="${href}">${i + 1}</a></li>`).join('')
  const head = `<!doctype html><html lang="${host.language}"><head><meta charset="utf-8"><title>${title}</title></head>`
  if (host.class === 'static') return `${head}<body><main><article>${content}</article></main><nav><ul>${anchors}</ul></nav></body></html>`
  if (host.class === 'normal')
    return `${head}<body><header>${host.name}</header><div class="post"><div class="entry-content">${content}</div></div><footer><ul>${anchors}</ul></footer></body></html>`
  return `${head}<body><div id="top">${host.name}</div><div id="content">${content}</div><div class="sidebar"><ul>${anchors}</ul></div></body></html>`
}

function between(random: Random, [least, most]: [number, number]): number {
  return least + random.int(most - least + 1)
}
