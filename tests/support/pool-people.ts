/** A DAO, five keyholders and people with exports of their own: roles as processes over TCP, and the commands that people type. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import type { z } from 'zod'
import { silent } from '../../core/effects/index.ts'
import { codeOf, type QuernError } from '../../core/errors/index.ts'
import { generateKey, openKeyFile, type Signer } from '../../core/identity/index.ts'
import { blocksProtocol, openLibp2pMesh } from '../../core/mesh/index.ts'
import { openCustody, openPoolReleases } from '../../dao/index.ts'
import { readPoolManifest, seatedValidators } from '../../dao/ledger/index.ts'
import { type CID, MAX_POOL_MANIFEST_BYTES, parse, poolManifest, type poolTerms } from '../../schemas/wire/index.ts'
import { getBytes, learnDao, replayPool, resolveDao, systemClock } from '../../cli/wiring/index.ts'
import { KillableNetwork } from './killable-network.ts'
import { eventually } from './real-clock.ts'
import { type CliRun, runCli } from './run-cli.ts'
import { zipOf } from './zip.ts'

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
export const KEYHOLDERS = 5
/** So many of them open a contribution. */
const QUORUM = 3

export interface Row {
  person: string
  source: string | null
  object: { name: string; url?: string }
}
export interface Offered {
  contribution: string
  stage: string
  tokens: number
  mail: boolean
}
export interface Status {
  account: string
  stage: string
  events: number
  mail: string
  holding: number
  purposes: string[] | null
  withdrawn: string[]
  lacking: number
  expires: number
  /** Keyholders that gave their log. */
  told: number
  accesses:
    | {
        at: number
        by: string
        role: string
        purpose: string
        chunks: number
        mail: boolean
        trainer: string | null
        outcome: string
        seenBy: number
      }[]
    | null
}
/** One request, as an owner's node prints it. */
export interface Answered {
  contribution: string
  role: string
  release: { name: string; trainer: string } | null
  outcome: string
}
/** Parts of a contribution's keys that keyholders gave, of so many needed, and why the others gave none, by account. */
export interface Parts {
  good: number
  needed: number
  faults: Record<string, string>
}
export interface EpochRow {
  account: string
  role: string
  note: string | null
  records: number
  fails: number
  points: string
}

export class PoolPeople implements AsyncDisposable {
  readonly trainer = generateKey()
  readonly #folder: string
  readonly network: KillableNetwork
  readonly identity: { secret: string; recipient: string }

  private constructor(folder: string, network: KillableNetwork, identity: { secret: string; recipient: string }) {
    this.#folder = folder
    this.network = network
    this.identity = identity
  }

  /** With `key.txt` of the trainer; the first epoch opens when `people` have joined. `terms` of the pool are over those that tests have. */
  static async start(people: number, terms: Partial<z.input<typeof poolTerms>> = {}): Promise<PoolPeople> {
    const folder = await mkdtemp(path.join(tmpdir(), 'quern-pool-people-'))
    const identity = await (await openCustody()).generateAgeIdentity()
    await writeFile(path.join(folder, 'key.txt'), `${identity.secret}\n`)
    const network = await KillableNetwork.start({
      contributors: 0,
      validators: KEYHOLDERS,
      maxPages: 1,
      charter: { contributors: { minimum: people, quota: null }, pool: { minPeople: 5, ...terms } },
    })
    const world = new PoolPeople(folder, network, identity)
    // all of them sit in what the published checkpoint covers a moment after the service says so
    await eventually(async () => (await world.seats()) === KEYHOLDERS, undefined, 100_000, 250)
    return world
  }

  async seats(): Promise<number> {
    const log = await replayPool(this.log).catch(() => undefined)
    return log === undefined ? 0 : seatedValidators(log.ledger.state).length
  }

  get log(): string {
    return path.join(this.network.folder('dao'), 'log')
  }

  at(...names: string[]): string {
    return path.join(this.#folder, ...names)
  }

  writeExport(name: string, plays: readonly object[]): Promise<void> {
    const data = JSON.stringify(plays)
    return writeFile(this.at(name), zipOf([{ name: 'Spotify Account Data/StreamingHistory_music_0.json', data }]))
  }

  /** Where the operator types: on the machine of the DAO's service. */
  get beside(): string[] {
    return ['--home', this.network.folder('dao'), '--http', this.network.url.slice('http://'.length)]
  }

  #asPerson(who: number): string[] {
    return ['--dao', this.network.url, '--home', this.at(`person-${who}`), '--json', '--log-level', 'error']
  }

  pool(who: number, what: string, ...words: string[]): Promise<CliRun> {
    return runCli('pool', what, ...words, ...this.#asPerson(who))
  }

  async status(who: number, ...words: string[]): Promise<Status> {
    const { code, err, json } = await this.pool(who, 'status', ...words)
    if (code !== 0) throw new Error(err)
    const [said] = json<{ account: string; contributions: Omit<Status, 'account'>[] }>()
    return { account: said?.account, ...said?.contributions[0] } as Status
  }

  /** Waits until so many keyholders say that they hold a person's share. */
  holding(who: number, count: number): Promise<void> {
    return eventually(async () => (await this.status(who)).holding === count, undefined, 100_000, 1000)
  }

  /** The same in a process of its own, beside others. */
  async offerElsewhere(who: number, ...words: string[]): Promise<Offered> {
    const argv = ['--disable-warning=ExperimentalWarning', MAIN, 'pool', 'offer', ...words, ...this.#asPerson(who)]
    const { stdout } = await promisify(execFile)(process.execPath, argv, { maxBuffer: 1 << 24 })
    return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Offered
  }

  /** The node of an owner under the veto, in a process of its own. Resolves when it answers. */
  async serve(who: number, ...words: string[]): Promise<{ answers: () => Answered[]; stop: () => Promise<void> }> {
    const argv = ['--disable-warning=ExperimentalWarning', MAIN, 'pool', 'serve', ...words, ...this.#asPerson(who)]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = once(child, 'exit')
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    await eventually(
      async () => {
        if (child.exitCode !== null) throw new Error(err)
        return err.includes('answering for')
      },
      undefined,
      60_000,
    )
    const lines = (): string[] => out.split('\n').slice(0, -1)
    return {
      answers: () => lines().map((line) => JSON.parse(line) as Answered),
      stop: async () => {
        child.kill('SIGTERM')
        await ended
      },
    }
  }

  /** What the DAO and its validators give this peer of a contribution's first sealed chunk, or of its mail. */
  async chunkFor(cid: string, signer: Signer, what: 'chunk' | 'mail' = 'chunk'): Promise<boolean[]> {
    const facts = await learnDao(await resolveDao(this.network.url), { logger: silent, signal: AbortSignal.timeout(30_000) })
    const known = facts.state.contributions.get(cid)
    if (known === undefined) throw new Error(`${cid} is not known`)
    const { chunks, mail } = readPoolManifest(facts.files, known.manifestCid)
    const chunk = (what === 'mail' ? mail : chunks[0]) as CID
    await using mesh = await openLibp2pMesh({ signer, clock: systemClock, listen: [], privateNetwork: true })
    const dao = await mesh.connect(await resolveDao(this.network.url))
    const peers = [dao]
    for (const { did, addresses } of facts.known) if (did !== facts.state.operator) peers.push(await mesh.connect(addresses))
    return await Promise.all(peers.map(async (peer) => (await mesh.ask(peer, blocksProtocol, { cids: [chunk] })).blocks[0] !== null))
  }

  /** The key of the operator's commands that put releases together. */
  get assembler(): Promise<Signer> {
    return openKeyFile(path.join(this.network.folder('dao'), 'keys', 'assembler.key'))
  }

  /** What an operator types beside its service. */
  operate(what: string, ...words: string[]): Promise<CliRun> {
    return runCli('dao', 'pool', what, ...words, ...this.beside, '--json')
  }

  /** People that three keyholders counted in one more round, as its operator sees it; undefined: it did not come to an end. */
  async counted(...words: string[]): Promise<number | undefined> {
    const run = await this.operate('statistics', ...words)
    return run.code === 0 ? run.json<{ people: number }>()[0]?.people : undefined
  }

  /** Entries of a type that the service has, cosigned or not; undefined while it does not answer. */
  async logged(type: string, cursor = ''): Promise<number | undefined> {
    const page = await this.network.ask<{ entries: object[]; next: string | null }>(`/v1/ledger?type=${type}&limit=256${cursor}`)
    if (page === undefined || page.next === null) return page?.entries.length
    const rest = await this.logged(type, `&cursor=${page.next}`)
    return rest === undefined ? undefined : page.entries.length + rest
  }

  release(out: string, ...rest: string[]): Promise<CliRun> {
    return this.operate('release', '--out', this.at(out), ...this.forTrainer, ...rest)
  }

  get forTrainer(): string[] {
    return ['--purpose', 'ai:ModelTraining', '--trainer', this.trainer.did, '--recipient', this.identity.recipient]
  }

  /** Rows of contributors that were tested in an epoch, once it is final. */
  async tested(epoch: number): Promise<EpochRow[]> {
    const ask = () => this.network.ask<{ final: boolean; rows: EpochRow[] }>(`/v1/epochs/${epoch}`)
    await eventually(async () => (await ask())?.final === true, undefined, 400_000)
    return ((await ask())?.rows ?? []).filter(({ role, records }) => role === 'contributor' && records > 0)
  }

  async rowsIn(opened: string): Promise<Row[]> {
    const rows: Row[] = []
    for (const part of await readdir(this.at(opened, 'data'))) {
      const lines = gunzipSync(await readFile(this.at(opened, 'data', part))).toString()
      for (const line of lines.trim().split('\n')) rows.push(JSON.parse(line) as Row)
    }
    return rows
  }

  /** Asks the keyholders for keys of a contribution by an order of the operator, as the assembler does. */
  async askKeys(cid: string): Promise<number> {
    const custody = await openCustody()
    const room = await openPoolReleases()
    const [operator, assembler] = await Promise.all(
      ['identity', 'assembler'].map((name) => openKeyFile(path.join(this.network.folder('dao'), 'keys', `${name}.key`))),
    )
    if (operator === undefined || assembler === undefined) throw new Error('no key')
    const facts = await learnDao(await resolveDao(this.network.url), { logger: silent, signal: AbortSignal.timeout(30_000) })
    const known = facts.state.contributions.get(cid)
    const committee = facts.policy?.value.committee
    if (known === undefined || committee === undefined) throw new Error(`${cid} is not known`)
    const manifest = parse(
      poolManifest,
      await getBytes(this.network.url, `/files/${cid}`, MAX_POOL_MANIFEST_BYTES),
      MAX_POOL_MANIFEST_BYTES,
    )
    const now = Math.floor(Date.now() / 1000)
    const order = room.signOrder(
      {
        dao: facts.ledger,
        name: 'again',
        purposes: ['ai:ModelTraining'],
        manifests: [known.manifestCid],
        at: now,
        expires: now + 3600,
        trainer: this.trainer.did,
        recipient: this.identity.recipient,
        assembler: assembler.did,
        deleteWithinDays: 14,
        canaries: 8,
        canaryKey: new Uint8Array(32),
      },
      operator,
    )
    await using mesh = await openLibp2pMesh({ signer: assembler, clock: systemClock, listen: [], privateNetwork: true })
    for (const { addresses } of facts.known) await mesh.connect(addresses).catch(() => undefined)
    const { keys } = await custody.askForKeys({
      mesh,
      clock: systemClock,
      signer: assembler,
      committee,
      order,
      manifest,
      role: 'assembler',
      purpose: 'ai:ModelTraining',
      epoch: 1,
      indices: [0],
    })
    return keys.length
  }

  /** The same, and how many gave their part where too few did. */
  async askParts(cid: string): Promise<Parts> {
    try {
      await this.askKeys(cid)
      return { good: QUORUM, needed: QUORUM, faults: {} }
    } catch (error) {
      if (codeOf(error) === 'NOT_ENOUGH_KEYHOLDERS') return (error as QuernError).detail as unknown as Parts
      throw error
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
