/** A network whose roles are processes that a test may kill and start again with the same home. Ports are fixed, as a DAO's are. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type SampleSite, serveSampleSite } from '../../cli/sample-site/index.ts'
import { localCharter } from '../../cli/up/local-charter.ts'
import { RoleProcess, startDaoProcess } from '../../cli/up/index.ts'
import { operatorOf, storeCharter } from '../../cli/wiring/index.ts'
import type { CharterInput } from '../../schemas/wire/index.ts'

export interface KillableOptions {
  contributors: number
  validators: number
  maxPages: number
  charter?: Partial<CharterInput>
  /** Where the homes lie; a folder of the test's own otherwise. */
  home?: string
  /** Homes of roles, by name, that lie elsewhere. */
  homes?: Record<string, string>
}

export class KillableNetwork implements AsyncDisposable {
  readonly home: string
  readonly accounts = new Map<string, string>()
  /** Lines of words that roles said, newest last. */
  readonly words: { who: string; line: string }[] = []
  readonly events: { who: string; event: string; epoch: number; records: number }[] = []
  readonly #running = new Map<string, RoleProcess>()
  readonly #site: SampleSite
  readonly #ports: { mesh: number; http: number }
  readonly #homes: Record<string, string>
  #address = ''

  private constructor(home: string, site: SampleSite, ports: { mesh: number; http: number }, homes: Record<string, string>) {
    this.#homes = homes
    this.home = home
    this.#site = site
    this.#ports = ports
  }

  static async start(options: KillableOptions): Promise<KillableNetwork> {
    const home = options.home ?? (await mkdtemp(path.join(tmpdir(), 'quern-crash-')))
    const site = await serveSampleSite({ slowMs: 20 })
    const network = new KillableNetwork(home, site, { mesh: await freePort(), http: await freePort() }, options.homes ?? {})
    const { contributors, validators, maxPages, charter } = options
    const rules = { seeds: site.urls, allowPrivate: site.allowPrivate, contact: 'http://127.0.0.1/', delayMs: 0 }
    const operator = await operatorOf(network.folder('dao'))
    await storeCharter(
      network.folder('dao'),
      localCharter(operator, { ...rules, contributors, validators, maxPages, ...(charter ? { charter } : {}) }),
    )
    await network.run('dao')
    for (let i = 1; i <= validators; i++) await network.run(`validator-${i}`)
    for (let i = 1; i <= contributors; i++) await network.run(`contributor-${i}`)
    return network
  }

  get url(): string {
    return `http://127.0.0.1:${this.#ports.http}`
  }

  folder(name: string): string {
    return this.#homes[name] ?? path.join(this.home, name)
  }

  /** Starts a role, for the first time or again. */
  async run(name: string): Promise<void> {
    this.accounts.set(name, await operatorOf(this.folder(name)))
    const onWords = (line: string): void => void this.words.push({ who: name, line })
    if (name === 'dao') {
      const listen = `/ip4/127.0.0.1/tcp/${this.#ports.mesh}`
      const words = ['dao', 'serve', ...this.#common(name, listen), '--http', `127.0.0.1:${this.#ports.http}`]
      const dao = await startDaoProcess({ name, argv: words, onWords })
      this.#address = dao.addresses[0] as string
      this.#running.set(name, dao.process)
      return
    }
    const role = name.startsWith('validator') ? ['validator', '--operator', name] : ['node']
    const hosts = Object.entries(this.#site.hosts).map(([host, ip]) => `${host}=${ip}`)
    const argv = [...role, ...this.#common(name, '/ip4/127.0.0.1/tcp/0'), '--dao', this.#address, '--hosts', hosts.join(',')]
    this.#running.set(
      name,
      new RoleProcess({
        name,
        argv,
        onWords,
        onLine: ({ event, epoch, records }) => {
          if (typeof event === 'string') this.events.push({ who: name, event, epoch: Number(epoch), records: Number(records ?? 0) })
        },
      }),
    )
  }

  async kill(name: string): Promise<void> {
    await this.#running.get(name)?.kill()
  }

  /** Exit code of a role that was asked to stop. */
  async stop(name: string): Promise<number | null> {
    return (await this.#running.get(name)?.stop()) ?? null
  }

  /** What the DAO says over HTTP; undefined while it does not answer. */
  async ask<T>(at: string): Promise<T | undefined> {
    try {
      const response = await fetch(`${this.url}${at}`, { signal: AbortSignal.timeout(10_000) })
      return response.ok ? ((await response.json()) as T) : undefined
    } catch {
      return undefined
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running.values()].map((role) => role.stop()))
    await this.#site.close()
    await rm(this.home, { recursive: true, force: true })
  }

  #common(name: string, listen: string): string[] {
    return ['--home', this.folder(name), '--listen', listen, '--json']
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
