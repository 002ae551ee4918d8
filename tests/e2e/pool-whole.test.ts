/** A personal pool from six exports to a trainer and back: roles and people as processes over TCP, by the commands that people type. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { generateKey, openKeyFile } from '../../core/identity/index.ts'
import { openLibp2pMesh } from '../../core/mesh/index.ts'
import { openCustody, openPoolReleases } from '../../dao/index.ts'
import { learnDao, replayPool, resolveDao, systemClock } from '../../cli/wiring/index.ts'
import { KillableNetwork } from '../support/killable-network.ts'
import { eventually } from '../support/real-clock.ts'
import { runCli } from '../support/run-cli.ts'
import { zipOf } from '../support/zip.ts'

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))
const PEOPLE = 6
const PURPOSES = ['ai:ModelTraining', 'dpv:DataQualityAssessment']
const agreed = [...PURPOSES.flatMap((purpose) => ['--purpose', purpose]), '--adult', '--yes']
const trainer = generateKey()

interface Row {
  person: string
  object: { name: string }
}
interface Checked {
  stale: boolean
  withdrawn: number
  persons: string[] | null
  due: { person: string; deleteBy: string }[] | null
  feed: string | null
}

let network: KillableNetwork
let folder: string
let identity: { secret: string; recipient: string }
const at = (...names: string[]): string => path.join(folder, ...names)
const contributions: string[] = []
/** Six people listen to the same services in the same month, and each to songs of its own. */
const playsOf = (who: number) =>
  Array.from({ length: 24 }, (_, i) => ({
    endTime: `2025-03-${String(1 + i).padStart(2, '0')} 10:${String(10 + who)}`,
    artistName: `Artist ${who}`,
    trackName: `Song ${i} of ${who}`,
    msPlayed: 60_000 + i,
  }))

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-pool-whole-'))
  identity = await (await openCustody()).generateAgeIdentity()
  await writeFile(at('key.txt'), `${identity.secret}\n`)
  for (let who = 0; who < PEOPLE; who++) {
    const data = JSON.stringify(playsOf(who))
    await writeFile(at(`export-${who}.zip`), zipOf([{ name: 'Spotify Account Data/StreamingHistory_music_0.json', data }]))
  }
  network = await KillableNetwork.start({
    contributors: 0,
    validators: 5,
    maxPages: 1,
    charter: { contributors: { minimum: PEOPLE, quota: null }, pool: { minPeople: 5 } },
  })
  await eventually(async () => (await network.ask<{ validators: number }>('/v1/info'))?.validators === 5)
  const who = ['--name', 'Upper Mill', '--address', '1 Mill Lane', '--contact', 'mailto:m@mill.example', '--trainers', trainer.did]
  const init = await runCli('dao', 'pool', 'init', ...who, '--out', at('pool.yaml'))
  if (init.code !== 0) throw new Error(init.err)
  const members = ['--members', Array.from({ length: 5 }, (_, i) => network.accounts.get(`validator-${i + 1}`)).join(',')]
  // all five sit in what the published checkpoint covers a moment after the service says so
  await eventually(
    async () => (await runCli('dao', 'pool', 'open', at('pool.yaml'), ...beside(), ...members, '--k', '3', '--json')).code === 0,
  )
}, 120_000)
afterAll(async () => {
  await network[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** Where the operator types: on the machine of the DAO's service. */
const beside = (): string[] => ['--home', network.folder('dao'), '--http', network.url.slice('http://'.length)]
const asPerson = (who: number): string[] => ['--dao', network.url, '--home', at(`person-${who}`), '--json', '--log-level', 'error']
const forTrainer = (): string[] => ['--purpose', 'ai:ModelTraining', '--trainer', trainer.did, '--recipient', identity.recipient]
const release = (out: string, ...rest: string[]) =>
  runCli('dao', 'pool', 'release', ...beside(), '--json', '--out', at(out), ...forTrainer(), ...rest)

/** The first three keyholders. */
const aggregators = (): unknown[] => [1, 2, 3].map((i) => network.accounts.get(`validator-${i}`))
const count = (...words: string[]) => runCli('dao', 'pool', 'statistics', ...beside(), '--json', ...words)
/** People counted in one more round, as its operator sees it; undefined: it did not come to an end. */
async function counted(...words: string[]): Promise<number | undefined> {
  const run = await count(...words)
  return run.code === 0 ? run.json<{ people: number }>()[0]?.people : undefined
}

async function rowsIn(opened: string): Promise<Row[]> {
  const rows: Row[] = []
  for (const part of await readdir(at(opened, 'data')))
    for (const line of gunzipSync(await readFile(at(opened, 'data', part)))
      .toString()
      .trim()
      .split('\n'))
      rows.push(JSON.parse(line) as Row)
  return rows
}

/** Of whom of the six there are songs. */
const peopleIn = (rows: readonly Row[]): number[] =>
  [...new Set(rows.flatMap(({ object }) => / of ([0-5])$/.exec(object.name)?.[1] ?? []))].map(Number).toSorted((a, b) => a - b)

/** Asks the keyholders for keys of a contribution by an order of the operator, as the assembler does. */
async function askKeys(cid: string): Promise<number> {
  const custody = await openCustody()
  const room = await openPoolReleases()
  const [operator, assembler] = await Promise.all(
    ['identity', 'assembler'].map((name) => openKeyFile(path.join(network.folder('dao'), 'keys', `${name}.key`))),
  )
  if (operator === undefined || assembler === undefined) throw new Error('no key')
  const facts = await learnDao(await resolveDao(network.url), { logger: silent, signal: AbortSignal.timeout(30_000) })
  const manifest = facts.state.contributions.get(cid)
  const committee = facts.policy?.value.committee
  if (manifest === undefined || committee === undefined) throw new Error(`${cid} is not known`)
  const now = Math.floor(Date.now() / 1000)
  const order = room.signOrder(
    {
      dao: facts.ledger,
      name: 'again',
      purposes: ['ai:ModelTraining'],
      manifests: [manifest.manifestCid],
      at: now,
      expires: now + 3600,
      trainer: trainer.did,
      recipient: identity.recipient,
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
    manifest: manifest.manifest,
    role: 'assembler',
    purpose: 'ai:ModelTraining',
    epoch: 1,
    indices: [0],
  })
  return keys.length
}

const checked = (opened: string, ...words: string[]) => runCli('pool', 'check', at(opened), '--json', ...words)
/** Whose rows of the first release go. */
let person = ''
async function isStale(...words: string[]): Promise<void> {
  await eventually(async () => (await checked('opened-1', ...words)).code === 3)
  const [stale] = (await checked('opened-1', ...words)).json<Checked>()
  expect(stale).toMatchObject({ stale: true, withdrawn: 1, persons: [person], due: [{ person }] })
  expect(stale?.due?.[0]?.deleteBy).toMatch(/^\d{4}-\d{2}-\d{2}$/)
}

describe('a personal pool', () => {
  it('takes six people, each at a machine of its own, and pays them', async () => {
    const offers = await Promise.all(
      Array.from({ length: PEOPLE }, (_, who) =>
        promisify(execFile)(
          process.execPath,
          ['--disable-warning=ExperimentalWarning', MAIN, 'pool', 'offer', at(`export-${who}.zip`), ...agreed, ...asPerson(who)],
          { maxBuffer: 1 << 24 },
        ),
      ),
    )
    for (const { stdout } of offers) {
      const offered = JSON.parse(stdout.trim().split('\n').at(-1) as string) as { contribution: string; stage: string }
      expect(offered.stage).toBe('available')
      contributions.push(offered.contribution)
    }
    await eventually(async () => (await network.ask<{ final: boolean }>('/v1/epochs/1'))?.final === true, undefined, 400_000)
    const { rows } = (await network.ask<{ rows: { role: string; points: string }[] }>('/v1/epochs/1')) ?? { rows: [] }
    const paid = rows.filter(({ role, points }) => role === 'contributor' && BigInt(points) > 0n)
    expect(paid).toHaveLength(PEOPLE)
  }, 600_000)

  it('is counted by three keyholders, to each of whom everybody gave a part that tells it nothing', async () => {
    // one of the three is away, and nothing was spent yet
    await network.stop('validator-2')
    const first = await count('--group', 'people', '--group', 'sources', '--epsilon-ppm', '500000', '--wait', '1')
    expect([first.code, first.json().at(-1)]).toMatchObject([1, { error: { code: 'AGGREGATOR_MISSING' } }])
    expect((await network.ask<{ entries: object[] }>('/v1/ledger?type=budget.spend'))?.entries).toHaveLength(0)
    await network.run('validator-2')
    await eventually(async () => (await counted('--group', 'people', '--group', 'sources', '--epsilon-ppm', '500000')) === PEOPLE)
    const log = path.join(network.folder('dao'), 'log')
    await eventually(async () => (await replayPool(log)).ledger.state.poolStatistics.length === 1)
    const told = await runCli('pool', 'statistics', '--log', log, '--json')
    expect([told.code, told.json()[0]]).toMatchObject([
      0,
      { statistics: { noises: 3, minPeople: 5 }, published: { by: aggregators() }, budget: { spentPpm: 500_000 } },
    ])
  }, 120_000)

  it('is not released to whom the policy does not name, nor from another home', async () => {
    const stranger = await release('not', '--trainer', generateKey().did)
    expect([stranger.code, stranger.json().at(-1)]).toMatchObject([3, { error: { code: 'TRAINER_NOT_NAMED' } }])
    await cp(path.join(network.folder('dao'), 'log'), at('thief', 'log'), { recursive: true })
    const thief = ['--home', at('thief'), ...beside().slice(2), '--out', at('not')]
    const elsewhere = await runCli('dao', 'pool', 'release', ...thief, ...forTrainer(), '--json')
    expect([elsewhere.code, elsewhere.json().at(-1)]).toMatchObject([3, { error: { code: 'NOT_THE_OPERATOR' } }])
    expect(await readdir(folder)).not.toContain('not')
    expect(await network.ask('/v1/pool/releases')).toEqual({ releases: [] })
  }, 120_000)

  it('is released to a trainer while its service runs, with the counts of the pool', async () => {
    const run = await release('first')
    expect(run.code, run.err).toBe(0)
    const [made] = run.json<{ release: string; people: number; rows: number; left: object[]; bundle: string }>()
    expect(made).toMatchObject({ people: PEOPLE, left: [] })
    const opened = await runCli('pool', 'open', made?.bundle as string, '--identity', at('key.txt'), '--out', at('opened-1'), '--json')
    expect([opened.code, opened.json()[0]]).toMatchObject([0, { release: made?.release, people: PEOPLE, trainer: trainer.did }])
    expect(peopleIn(await rowsIn('opened-1'))).toEqual([0, 1, 2, 3, 4, 5])
    const log = path.join(network.folder('dao'), 'log')
    await eventually(async () => (await replayPool(log)).ledger.state.poolReleases.length === 1)
    const told = await runCli('pool', 'statistics', at('first', 'release.cbor'), '--log', log, '--json')
    expect([told.code, told.json()[0]]).toMatchObject([
      0,
      { statistics: { noises: 3 }, published: { by: aggregators() }, budget: { spentPpm: 500_000 } },
    ])
    // what is public of it is served
    await eventually(async () => (await network.ask<{ releases: object[] }>('/v1/pool/releases'))?.releases.length === 1)
    const manifest = await fetch(`${network.url}/v1/pool/releases/${made?.release}`)
    expect(Buffer.from(await manifest.arrayBuffer()).equals(await readFile(at('first', 'release.cbor')))).toBe(true)
  }, 120_000)

  it('proves to each of its people, and to nobody else, that they are in it', async () => {
    const inclusion = (who: number) =>
      runCli('pool', 'inclusion', at('first', 'release.cbor'), ...asPerson(who), '--out', at(`proof-${who}`))
    const mine = await inclusion(2)
    expect([mine.code, mine.json()[0]]).toMatchObject([0, { in: true, contribution: contributions[2] }])
    const proven = await runCli('pool', 'inclusion', at('first', 'release.cbor'), '--proof', at('proof-2'), '--json')
    expect([proven.code, proven.json()[0]]).toMatchObject([0, { in: true, contribution: contributions[2] }])
    expect((await inclusion(7)).code).toBe(3)
  }, 120_000)

  it('is fresh for its trainer until somebody withdraws, and then says whose rows go and until when', async () => {
    const fresh = await checked('opened-1', '--dao', network.url)
    expect([fresh.code, fresh.json()[0]]).toMatchObject([0, { stale: false, withdrawn: 0, feed: expect.any(String) as string }])
    // who is asked before it is gone opens
    expect(await askKeys(contributions[4] as string)).toBe(1)

    // n - k keyholders are away: the n - k + 1 others are as few as can close it
    await network.stop('validator-4')
    await network.stop('validator-5')
    const gone = await runCli('pool', 'withdraw', '--yes', ...asPerson(4))
    expect([gone.code, gone.json()[0]], gone.err).toMatchObject([0, { withdrawn: [{ shredded: 3, of: 5, needed: 3, unreadable: true }] }])
    await expect(askKeys(contributions[4] as string)).rejects.toMatchObject({ code: 'NOT_ENOUGH_KEYHOLDERS' })
    // the same three answer for whoever stayed
    expect(await askKeys(contributions[3] as string)).toBe(1)

    await eventually(async () => (await network.ask<{ entries: object[] }>('/v1/ledger?type=consent.withdrawn'))?.entries.length === 1)
    person = (await rowsIn('opened-1')).find(({ object }) => object.name.endsWith(' of 4'))?.person ?? ''
    await isStale('--dao', network.url)
  }, 300_000)

  it('has a next release without who withdrew, and the trainer of that one is fresh', async () => {
    // too few validators are there to cosign the withdrawal: the service knows it all the same
    const run = await release('second')
    expect(run.code, run.err).toBe(0)
    const [made] = run.json<{ release: string; people: number; bundle: string }>()
    expect(made).toMatchObject({ people: PEOPLE - 1 })
    const opened = await runCli('pool', 'open', made?.bundle as string, '--identity', at('key.txt'), '--out', at('opened-2'), '--json')
    expect(opened.code, opened.err).toBe(0)
    expect(peopleIn(await rowsIn('opened-2'))).toEqual([0, 1, 2, 3, 5])
    const fresh = await checked('opened-2', '--dao', network.url)
    expect([fresh.code, fresh.json()[0]]).toMatchObject([0, { stale: false }])
    const inclusion = await runCli('pool', 'inclusion', at('second', 'release.cbor'), ...asPerson(4))
    expect([inclusion.code, inclusion.json()[0]]).toMatchObject([3, { in: false }])
    // when they are back, a copy of the log that they cosigned says the same as the feed
    await Promise.all(['validator-4', 'validator-5'].map((name) => network.run(name)))
    await isStale('--log', path.join(network.folder('dao'), 'log'))
    // nor is who withdrew counted any more
    expect(await counted('--group', 'people')).toBe(PEOPLE - 1)
  }, 300_000)
})
