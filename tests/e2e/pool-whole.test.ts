/** A personal pool from before it is opened to a trainer and back: one network of processes over TCP, and the commands that people type. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { generateKey } from '../../core/identity/index.ts'
import { readPoolRelease, signPoolRelease } from '../../dao/pool-release/index.ts'
import { knownLedger, openSeed, openSubjectHome, replayPool } from '../../cli/wiring/index.ts'
import { PoolBook } from '../../node/pool/offering/index.ts'
import { NoticeHook } from '../support/notice-hook.ts'
import { KEYHOLDERS, type Offered, type Parts, PoolPeople, type Row } from '../support/pool-people.ts'
import { eventually } from '../support/real-clock.ts'
import { type CliRun, runCli } from '../support/run-cli.ts'
import { zipOf } from '../support/zip.ts'

const PEOPLE = 6
const EVERYBODY = PEOPLE + 1
/** Comes later, with an export that says what person 3's says. */
const TWIN = 6
const NOBODY = 7
/** Person 0 at another machine. */
const RESTORED = 8
/** Under the owner's veto. */
const OWNER = 5
/** Agrees to less in a renewal. */
const CHANGES = 1
/** Person 2, whose home is lost. */
const LOST = 2
const AFTER_LOSS = 9
const PURPOSES = ['ai:ModelTraining', 'dpv:DataQualityAssessment']
const agreed = [...PURPOSES.flatMap((purpose) => ['--purpose', purpose]), '--adult', '--yes']

interface Checked {
  stale: boolean
  withdrawn: number
  persons: string[] | null
  due: { person: string; deleteBy: string }[] | null
  feed: string | null
}

let world: PoolPeople
/** Where the trainer wants to hear of withdrawals. */
let hook: NoticeHook
/** The first three keyholders. */
let aggregators: string[] = []
/** The node of the person under the veto. */
let serving: Awaited<ReturnType<PoolPeople['serve']>> | undefined
const at = (...names: string[]): string => world.at(...names)
const pool: PoolPeople['pool'] = (...words) => world.pool(...words)
const exportOf = (who: number): string => at(`export-${who}.zip`)
const contributions: string[] = []
/** Six people listen to the same services in the same month, and each to songs of its own; the first so many that not all are drawn. */
const playsOf = (who: number) =>
  Array.from({ length: who === 0 ? 40 : 8 }, (_, i) => ({
    endTime: `2025-03-${String(1 + (i % 27)).padStart(2, '0')} 10:${String(10 + who + i)}`,
    artistName: `Artist ${who}`,
    trackName: `Song ${i} of ${who}`,
    msPlayed: 60_000 + i,
  }))

beforeAll(async () => {
  hook = await NoticeHook.listen()
  world = await PoolPeople.start(PEOPLE)
  for (let who = 0; who < PEOPLE; who++) await world.writeExport(`export-${who}.zip`, playsOf(who))
  await cp(exportOf(3), exportOf(TWIN))
  await writeFile(at('evil.zip'), zipOf([{ name: '../SECRET', data: 'x' }]))
}, 120_000)
afterAll(async () => {
  await serving?.stop()
  await hook[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
})

/** Of whom of the six there are songs. */
const peopleIn = (rows: readonly Row[]): number[] =>
  [...new Set(rows.flatMap(({ object }) => / of ([0-5])$/.exec(object.name)?.[1] ?? []))].map(Number).toSorted((a, b) => a - b)

const checked = (opened: string, ...words: string[]) => runCli('pool', 'check', at(opened), '--json', ...words)
/** Whose rows of the first release go. */
let person = ''
async function isStale(...words: string[]): Promise<void> {
  await eventually(async () => (await checked('opened-1', ...words)).code === 3, undefined, 50_000, 250)
  const [stale] = (await checked('opened-1', ...words)).json<Checked>()
  expect(stale).toMatchObject({ stale: true, withdrawn: 1, persons: [person], due: [{ person }] })
  expect(stale?.due?.[0]?.deleteBy).toMatch(/^\d{4}-\d{2}-\d{2}$/)
}

/** Person 0's consent, as `pool status --dpv` writes it. */
const record = async (): Promise<object> => JSON.parse(await readFile(at('records', `${contributions[0]}.jsonld`), 'utf8')) as object

/** Of the key that a keyholder's shares lie under: it rises when one is shredded. */
async function generation(name: string): Promise<number> {
  const shares = await readdir(path.join(world.network.folder(name), 'keyholder', 'shares'))
  return Math.max(0, ...shares.map((file) => Number(file.split('.')[1] ?? 0)))
}

/** By the service's word: too few may be there to cosign. */
const logged = (type: string, count: number): Promise<void> => eventually(async () => (await world.logged(type)) === count)

describe('a personal pool', () => {
  it('is not there before its operator opens it', async () => {
    const { code, json } = await pool(0, 'offer', exportOf(0), ...agreed)
    expect([code, json()]).toMatchObject([3, [{ error: { code: 'NO_POOL' } }]])
    expect((await pool(0, 'status')).code).toBe(3)
    expect((await pool(0, 'withdraw', '--all', '--yes')).code).toBe(3)
  })

  it('is opened with five keyholders, who have the key of its tokens, and nobody else any more', async () => {
    const who = ['--name', 'Upper Mill', '--address', '1 Mill Lane', '--contact', 'mailto:m@mill.example', '--trainers', world.trainer.did]
    const init = await runCli('dao', 'pool', 'init', ...who, '--out', at('pool.yaml'), '--json')
    expect(init.code, init.err).toBe(0)
    // coarser than devices are by themselves: what is offered and tested from here on is by the pool's rules
    await writeFile(at('pool.yaml'), (await readFile(at('pool.yaml'), 'utf8')).replace('time: hour', 'time: day'))
    const open = async (...words: string[]) => {
      const opened = await world.operate('open', at('pool.yaml'), ...words)
      expect([opened.code, opened.err]).toEqual([0, ''])
      return opened.json<{ poolKey: string; members: string[] }>()[0]
    }
    await world.network.stop('validator-3')
    const opened = await open()
    expect(opened).toMatchObject({ k: 3, members: { length: KEYHOLDERS }, version: 2, from: 1 })
    const waiting = (): Promise<string[]> => readdir(path.join(world.network.folder('dao'), 'pool-key'))
    // a keyholder that was away has its share when it is back
    await eventually(async () => (await waiting()).length === 1)
    expect((await waiting())[0]).toMatch(new RegExp(`^${opened?.poolKey}\\.[1-5]$`))
    await world.network.run('validator-3')
    await eventually(async () => (await waiting()).length === 0)
    // the same keyholders under a later policy go on with it
    const members = opened?.members ?? []
    expect(await open('--members', members.join(','), '--k', '3')).toMatchObject({ poolKey: opened?.poolKey, members })
    aggregators = members.slice(0, 3)
    expect(await waiting()).toEqual([])
  }, 120_000)

  it('shows what it would take of an export, by its own rules too where it is named', async () => {
    const timesOf = async (...words: string[]): Promise<string[]> => {
      const { code, err, json } = await runCli('pool', 'preview', exportOf(0), ...words, '--json')
      expect(code, err).toBe(0)
      return json<{ sample: { time: string }[] }>()[0]?.sample.map(({ time }) => time) ?? []
    }
    expect(await timesOf()).toContain('2025-03-01T10:00:00Z')
    expect(await timesOf('--dao', world.network.url)).toContain('2025-03-01')
    expect(await timesOf('--dao', world.network.url, '--time', 'hour')).toContain('2025-03-01')
  })

  it.each<[string, number, string, () => string[]]>([
    ['nobody can be asked', 2, 'UNATTENDED', () => [exportOf(0)]],
    ['a needed purpose is not named', 2, 'PURPOSE_MISSING', () => [exportOf(0), '--purpose', 'ai:ModelTraining', '--adult', '--yes']],
    ['nobody says that they are an adult', 2, 'NOT_ADULT', () => [exportOf(0), ...agreed.filter((one) => one !== '--adult')]],
    ['a purpose is not on offer', 1, 'PURPOSE_UNKNOWN', () => [exportOf(0), ...agreed, '--purpose', 'dpv:CommercialResearch']],
    [
      'privacy control is set and an optional purpose named',
      1,
      'GPC',
      () => [exportOf(0), ...agreed, '--purpose', 'ai:Benchmarking', '--gpc'],
    ],
    ['the export is hostile', 1, 'UNSAFE_PATH', () => [at('evil.zip'), ...agreed]],
    ['there is no export', 2, 'PATH_MISSING', () => agreed],
  ])('takes nothing where %s', async (_, exit, code, words) => {
    const run = await pool(0, 'offer', ...words())
    expect([run.code, run.json().at(-1)]).toMatchObject([exit, { error: { code } }])
    // neither an account nor a secret comes of it
    expect(await readdir(at('person-0/pool'))).toEqual(['daos.json'])
  })

  it('is not looked for at an address where no DAO is', async () => {
    const run = await runCli('pool', 'offer', exportOf(0), ...agreed, '--dao', 'http://127.0.0.1:9', '--home', at('person-0'), '--json')
    expect([run.code, run.json()]).toMatchObject([1, [{ error: { code: 'DAO_UNREACHABLE' } }]])
  })

  it('takes six people, each at a machine of its own, who agreed to what they were shown', async () => {
    const others = Promise.all(
      Array.from({ length: PEOPLE - 1 }, async (_, i) => {
        // its node does the rest: nothing is tested before it has revealed, and answers
        const more = [...(i + 1 === OWNER ? ['--veto', '--no-wait'] : []), ...(i + 1 === CHANGES ? ['--purpose', 'ai:Benchmarking'] : [])]
        const offered = await world.offerElsewhere(i + 1, exportOf(i + 1), ...agreed, ...more)
        if (i + 1 === OWNER) serving = await world.serve(OWNER)
        return offered
      }),
    )
    others.catch(() => undefined)
    const more = ['--purpose', 'ai:Benchmarking', '--days', '20']
    const run = await pool(0, 'offer', exportOf(0), ...agreed, ...more, '--no-wait', '--notice', at('notice.md'), '--backup')
    expect(run.code, run.err).toBe(0)
    const [offered] = run.json<Offered>()
    expect(offered).toMatchObject({ stage: 'committed' })
    // away, and back: nothing is asked again, and it goes on where it was
    const back = await pool(0, 'offer')
    expect([back.code, back.err]).toMatchObject([0, expect.stringContaining('going on with')])
    expect(back.json()[0]).toMatchObject({ contribution: offered?.contribution, stage: 'available', tokens: 16, seedBackedUp: true })
    expect(back.err).not.toContain('--backup')
    // what was shown is what was signed, and what can be printed
    const notice = await readFile(at('notice.md'), 'utf8')
    expect(run.err).toContain(notice.trim())
    const [seed] = /quern-pool-seed-1 [0-9a-f]{64} [0-9a-f]{8}/.exec(run.err) ?? []
    expect(seed).toBeDefined()
    await writeFile(at('seed.txt'), `${seed}\n`)
    // on a busy machine a keyholder may take its time to be dialled
    await world.holding(0, KEYHOLDERS)
    expect(await world.status(0)).toMatchObject({ stage: 'available', events: 40 })
    // of one person one contribution at a time
    const second = await pool(0, 'offer', exportOf(0), ...agreed)
    expect([second.code, second.json().at(-1)]).toMatchObject([3, { error: { code: 'ALREADY_OFFERED' } }])
    const [home] = (await readdir(at('person-0/pool'), { withFileTypes: true })).filter((one) => one.isDirectory())
    expect(await readdir(at(`person-0/pool/${home?.name}/receipts`))).toEqual([`${offered?.contribution}.jws`])
    contributions.push(offered?.contribution as string)
    for (const [i, other] of (await others).entries()) {
      expect(other).toMatchObject({ stage: i + 1 === OWNER ? 'committed' : 'available', tokens: 16, seedBackedUp: false })
      contributions.push(other.contribution)
    }
  }, 600_000)

  it('says that its seed has no backup to whom that is true of, until one was made', async () => {
    const told = async (who: number) => {
      const { err, json } = await pool(who, 'status')
      return [json()[0]?.['seedBackedUp'], err.includes('has no backup yet')]
    }
    expect(await told(0)).toEqual([true, false])
    expect(await told(3)).toEqual([false, true])
    const run = await pool(3, 'offer', '--backup')
    expect([run.code, run.json()[0]], run.err).toMatchObject([0, { seedBackedUp: true }])
    const [line] = /quern-pool-seed-1 [0-9a-f]{64} [0-9a-f]{8}/.exec(run.err) ?? []
    expect(`${line}\n`).toBe(await readFile(at('person-3/pool/root.seed'), 'utf8'))
    expect(await told(3)).toEqual([true, false])
  }, 60_000)

  it('pays them when validators have opened what the beacon drew, and each sees who did', async () => {
    const tested = await world.tested(1)
    expect(tested.map(({ records }) => records).toSorted((a, b) => a - b)).toEqual([8, 8, 8, 8, 8, 40])
    expect(tested.filter(({ fails, points }) => fails === 0 && BigInt(points) > 0n)).toHaveLength(PEOPLE)
    const { accesses, told } = await world.status(0)
    expect(told).toBe(KEYHOLDERS)
    // a keyholder that has not read the beacon yet is asked again, and writes down that it was
    const given = accesses?.filter(({ outcome }) => outcome !== 'NO_BEACON')
    expect(new Set(given?.map(({ role, outcome }) => `${role} ${outcome}`))).toEqual(new Set(['scorer ok']))
    expect(given?.length).toBe(KEYHOLDERS)
    expect(accesses?.every(({ seenBy, trainer }) => seenBy >= 3 && trainer === null)).toBe(true)
    // under the veto its owner's node gave its part to each of them
    const asked = serving?.answers() ?? []
    expect(asked.filter(({ role, outcome }) => role === 'scorer' && outcome === 'ok').length).toBeGreaterThanOrEqual(KEYHOLDERS)
    expect(new Set(asked.map(({ contribution }) => contribution))).toEqual(new Set([contributions[OWNER]]))
  }, 600_000)

  it('lies where nobody reads even its sealed chunks who does not have to', async () => {
    expect(await world.chunkFor(contributions[0] as string, generateKey())).toEqual([false, false, false, false, false, false])
    expect(await world.chunkFor(contributions[0] as string, await world.assembler)).toEqual([true, true, true, true, true, true])
  }, 60_000)

  it('is held through a crash of as many keyholders as open it', async () => {
    const crashed = ['validator-1', 'validator-2', 'validator-3']
    for (const name of crashed) await world.network.kill(name)
    await world.holding(0, KEYHOLDERS - crashed.length)
    for (const name of crashed) await world.network.run(name)
    await world.holding(0, KEYHOLDERS)
    expect(await world.status(0)).toMatchObject({ stage: 'available' })
  }, 150_000)

  it('goes on without a purpose that was withdrawn, under a consent that was renewed, with fresh shares', async () => {
    const before = await world.status(0)
    const narrowed = await pool(0, 'withdraw', '--purpose', 'ai:Benchmarking', '--yes')
    expect([narrowed.code, narrowed.json()[0]], narrowed.err).toMatchObject([
      0,
      { withdrawn: [{ purposes: ['ai:Benchmarking'], heard: KEYHOLDERS, of: KEYHOLDERS, logged: true }] },
    ])
    await logged('consent.withdrawn', 1)
    for (const [exit, code, ...words] of [
      [2, 'UNATTENDED'],
      [2, 'PURPOSE_MISSING', '--yes', '--adult'],
      [2, 'NOT_ADULT', ...agreed.filter((one) => one !== '--adult')],
      [1, 'PURPOSE_UNKNOWN', ...agreed, '--purpose', 'ai:Benchmarking'],
      [1, 'TOO_LONG', ...agreed, '--days', '366'],
    ] as [number, string, ...string[]][]) {
      const no = await pool(0, 'renew', ...words)
      expect([no.code, no.json().at(-1)]).toMatchObject([exit, { error: { code } }])
    }
    // none of them changed anything
    expect(await world.status(0)).toMatchObject({ expires: before.expires, purposes: PURPOSES, lacking: 0 })
    const renewed = await pool(0, 'renew', ...agreed)
    expect([renewed.code, renewed.json()[0]], renewed.err).toMatchObject([0, { held: KEYHOLDERS, of: KEYHOLDERS, purposes: PURPOSES }])

    // what is not ticked any more is withdrawn
    const less = await pool(CHANGES, 'renew', ...agreed)
    expect([less.code, less.json()[0]], less.err).toMatchObject([
      0,
      { held: KEYHOLDERS, purposes: PURPOSES, withdrawn: { purposes: ['ai:Benchmarking'], heard: KEYHOLDERS, logged: true } },
    ])
    await logged('consent.withdrawn', 2)

    const all = <T>(one: T): T[] => contributions.map(() => one)
    expect((await world.operate('reshare', '--dry-run')).json()[0]).toMatchObject({
      contributions: all({ health: 'sound', outcome: 'sound' }),
    })
    const fresh = await world.operate('reshare', '--refresh')
    expect([fresh.code, fresh.json()[0]], fresh.err).toMatchObject([0, { contributions: all({ outcome: 'reshared', faults: {} }) }])
    await logged('custody.reshare', PEOPLE)
    await world.holding(0, KEYHOLDERS)
    const now = await world.status(0)
    expect(now).toMatchObject({ stage: 'available', purposes: PURPOSES, withdrawn: ['ai:Benchmarking'], lacking: 0 })
    expect(now.expires).toBeGreaterThan(before.expires)
  }, 150_000)

  it('has one place for one seed, wherever it is restored', async () => {
    const taken = await pool(RESTORED, 'offer', exportOf(0), ...agreed, '--restore', at('seed.txt'))
    expect([taken.code, taken.json().at(-1)], taken.err).toMatchObject([3, { error: { code: 'SLOT_TAKEN' } }])
  }, 60_000)

  it('is counted by three keyholders, to each of whom everybody gave a part that tells it nothing', async () => {
    const counts = ['--group', 'people', '--group', 'sources', '--epsilon-ppm', '500000']
    // one of the three is away, and nothing was spent yet
    const away = [...world.network.accounts].find(([, account]) => account === aggregators[1])?.[0] as string
    await world.network.stop(away)
    const first = await world.operate('statistics', ...counts, '--wait', '1')
    expect([first.code, first.json().at(-1)]).toMatchObject([1, { error: { code: 'AGGREGATOR_MISSING' } }])
    expect(await world.logged('budget.spend')).toBe(0)
    await world.network.run(away)
    await eventually(async () => (await world.counted(...counts)) === PEOPLE, undefined, 50_000, 250)
    await eventually(async () => (await replayPool(world.log)).ledger.state.poolStatistics.length === 1, undefined, 50_000, 250)
    const told = await runCli('pool', 'statistics', '--log', world.log, '--json')
    expect([told.code, told.json()[0]]).toMatchObject([
      0,
      { statistics: { noises: 3, minPeople: 5 }, published: { by: aggregators }, budget: { spentPpm: 500_000 } },
    ])
  }, 120_000)

  it('is not released to whom the policy does not name, nor from another home', async () => {
    const stranger = await world.release('not', '--trainer', generateKey().did)
    expect([stranger.code, stranger.json().at(-1)]).toMatchObject([3, { error: { code: 'TRAINER_NOT_NAMED' } }])
    await cp(world.log, at('thief', 'log'), { recursive: true })
    const thief = ['--home', at('thief'), ...world.beside.slice(2), '--out', at('not')]
    const elsewhere = await runCli('dao', 'pool', 'release', ...thief, ...world.forTrainer, '--json')
    expect([elsewhere.code, elsewhere.json().at(-1)]).toMatchObject([3, { error: { code: 'NOT_THE_OPERATOR' } }])
    expect(await readdir(at())).not.toContain('not')
    expect(await world.network.ask('/v1/pool/releases')).toEqual({ releases: [] })
  }, 120_000)

  it('is released to a trainer while its service runs, with the counts of the pool', async () => {
    const run = await world.release('first', '--notify', hook.url)
    expect(run.code, run.err).toBe(0)
    const [made] = run.json<{ release: string; people: number; rows: number; left: object[]; bundle: string }>()
    expect(made).toMatchObject({ people: PEOPLE, left: [] })
    const opened = await runCli('pool', 'open', made?.bundle as string, '--identity', at('key.txt'), '--out', at('opened-1'), '--json')
    expect([opened.code, opened.json()[0]]).toMatchObject([0, { release: made?.release, people: PEOPLE, trainer: world.trainer.did }])
    expect(peopleIn(await world.rowsIn('opened-1'))).toEqual([0, 1, 2, 3, 4, 5])
    await eventually(async () => (await replayPool(world.log)).ledger.state.poolReleases.length === 1, undefined, 50_000, 250)
    const told = await runCli('pool', 'statistics', at('first', 'release.cbor'), '--log', world.log, '--json')
    expect([told.code, told.json()[0]]).toMatchObject([
      0,
      { statistics: { noises: 3 }, published: { by: aggregators }, budget: { spentPpm: 500_000 } },
    ])
    // each sees that, and to whom it went; the owner under the veto heard of it before
    const { did: by } = await world.assembler
    const released = { by, role: 'assembler', purpose: 'ai:ModelTraining', trainer: world.trainer.did, outcome: 'ok', chunks: 40 }
    expect((await world.status(0)).accesses?.filter(({ role }) => role === 'assembler')).toMatchObject([released])
    const words = await runCli(
      'pool',
      'status',
      '--dao',
      world.network.url,
      '--home',
      at('person-0'),
      '--dpv',
      at('records'),
      '--log-level',
      'error',
    )
    expect(await record()).toMatchObject({ '@type': 'dpv:ConsentRecord', 'dct:conformsTo': expect.any(Object) as object })
    expect(words.out).toMatch(
      new RegExp(`assembler +ai:ModelTraining +40 chunks +given +by [3-5] keyholders +to ${by} +for ${world.trainer.did}`),
    )
    expect(serving?.answers().at(-1)).toMatchObject({ role: 'assembler', outcome: 'ok', release: { trainer: world.trainer.did } })
    const manifest1 = readPoolRelease(await readFile(at('first', 'release.cbor')))
    expect(manifest1).toMatchObject({ value: { redaction: 'redact@2' } })
    // a copy of it tells whose it was, and an export of one of its people does not
    const recognise = (file: string) => runCli('dao', 'pool', 'recognise', file, ...world.beside.slice(0, 2), '--json')
    await writeFile(at('copy.jsonl'), (await world.rowsIn('opened-1')).map((row) => `${JSON.stringify(row)}\n`).join(''))
    const copied = await recognise(at('copy.jsonl'))
    expect([copied.code, copied.json()[0]], copied.err).toMatchObject([
      3,
      { releases: [{ release: made?.release, trainer: world.trainer.did, found: 24, of: 24, recognised: true }] },
    ])
    await writeFile(
      at('own.jsonl'),
      playsOf(3)
        .map((play) => `${JSON.stringify(play)}\n`)
        .join(''),
    )
    const own = await recognise(at('own.jsonl'))
    expect([own.code, own.json()[0]]).toMatchObject([0, { releases: [{ found: 0, recognised: false }] }])
    // what is public of it is served
    await eventually(async () => (await world.network.ask<{ releases: object[] }>('/v1/pool/releases'))?.releases.length === 1)
    const manifest = await fetch(`${world.network.url}/v1/pool/releases/${made?.release}`)
    expect(Buffer.from(await manifest.arrayBuffer()).equals(await readFile(at('first', 'release.cbor')))).toBe(true)
  }, 120_000)

  it('goes out without whose owner is not there, or says no, and says so', async () => {
    const without = async (out: string, ...words: string[]): Promise<void> => {
      const run = await world.release(out, ...words)
      expect([run.code, run.json()[0]], run.err).toMatchObject([
        0,
        { people: PEOPLE - 1, left: [{ manifest: contributions[OWNER], code: 'OWNER_SAID_NO' }] },
      ])
    }
    await serving?.stop()
    await without('away')
    serving = await world.serve(OWNER, '--no-releases')
    // and who is left is counted in public where ε is spent on it, which the log shows before the release
    await without('vetoed', '--epsilon-ppm', '200000', '--group', 'people')
    await eventually(async () => (await replayPool(world.log)).ledger.state.poolReleases.length === 3, undefined, 50_000, 250)
    const told = await runCli('pool', 'statistics', at('vetoed', 'release.cbor'), '--log', world.log, '--json')
    const counted = { of: 'release', statistics: { noises: 1, epsilonPpm: 200_000, groups: [{ name: 'people' }] } }
    expect([told.code, told.json()[0]]).toMatchObject([
      0,
      { ...counted, paid: expect.any(Number) as number, budget: { spentPpm: 700_000 } },
    ])
    expect(serving.answers()).toMatchObject([{ role: 'assembler', outcome: 'VETO', release: { trainer: world.trainer.did } }])
    await serving.stop()
    serving = await world.serve(OWNER)
  }, 240_000)

  it('pays nothing for what somebody else brought, by keyholders of whom one at least had crashed', async () => {
    const again = await pool(TWIN, 'offer', exportOf(TWIN), ...agreed)
    expect([again.code, again.json()[0]], again.err).toMatchObject([0, { stage: 'available', tokens: 16 }])
    expect(await world.tested(2)).toMatchObject([{ records: 8, fails: 0, points: '0' }])
    // a person like any other where people are counted
    expect(await world.counted('--group', 'people')).toBe(EVERYBODY)
  }, 240_000)

  it('proves to each of its people, and to nobody else, that they are in it', async () => {
    const inclusion = (who: number) => pool(who, 'inclusion', at('first', 'release.cbor'), '--out', at(`proof-${who}`))
    const mine = await inclusion(2)
    expect([mine.code, mine.json()[0]]).toMatchObject([0, { in: true, contribution: contributions[2] }])
    // and which rows are theirs, without the trainer's list telling whose any are
    const list = await readFile(at('opened-1', 'members.jsonl'), 'utf8')
    const own = list.split('\n').find((line) => line.includes(mine.json<{ member: string }>()[0]?.member as string)) ?? '{}'
    const { person: named } = JSON.parse(own) as { person?: string }
    expect(peopleIn((await world.rowsIn('opened-1')).filter((row) => row.person === named))).toEqual([2])
    expect(list).not.toContain('did:key')
    const prove = (name: string, ...words: string[]) =>
      runCli('pool', 'inclusion', at(name, 'release.cbor'), '--proof', at('proof-2'), ...words, '--json')
    const operator = world.network.accounts.get('dao') as string
    for (const [trusted, words] of [
      [null, []],
      ['operator', ['--operator', operator]],
      ['log', ['--log', world.log]],
      ['dao', ['--dao', world.network.url]],
    ] as const) {
      const proven = await prove('first', ...words)
      expect([proven.code, proven.json()[0]]).toMatchObject([0, { in: true, contribution: contributions[2], by: operator, trusted }])
    }
    // the same manifest under a stranger's name: right in itself, and not the operator's
    const read = readPoolRelease(await readFile(at('first', 'release.cbor')))
    if (!read.ok) throw new Error(read.code)
    await mkdir(at('strange'))
    const { s: _, ...draft } = read.value
    await writeFile(at('strange', 'release.cbor'), signPoolRelease(draft, generateKey()).bytes)
    for (const words of [
      ['--operator', operator],
      ['--log', world.log],
      ['--dao', world.network.url],
    ])
      for (const run of [
        await prove('strange', ...words),
        await checked('strange/release.cbor', ...words, ...(words[0] === '--operator' ? ['--dao', world.network.url] : [])),
      ])
        expect([run.code, run.json().at(-1)]).toMatchObject([3, { error: { code: 'OTHER_OPERATOR' } }])
    // who has an account and a contribution in the pool, but none in this release, is told so and gets nothing
    const twin = await inclusion(TWIN)
    expect([twin.code, twin.json()[0]]).toMatchObject([3, { in: false, contribution: null }])
    expect(await readdir(at())).not.toContain(`proof-${TWIN}`)
    const nobody = await inclusion(NOBODY)
    expect([nobody.code, nobody.json()[0]]).toMatchObject([3, { error: { code: 'NOTHING_OFFERED' } }])
  }, 120_000)

  it('is fresh for its trainer until somebody withdraws, and then says whose rows go and until when', async () => {
    const fresh = await checked('opened-1', '--dao', world.network.url)
    expect([fresh.code, fresh.json()[0]]).toMatchObject([0, { stale: false, withdrawn: 0, feed: expect.any(String) as string }])
    // who is asked before it is gone opens
    expect(await world.askKeys(contributions[4] as string)).toBe(1)

    // its home has to know where they are by now: n - k keyholders will be away, and the DAO silent
    await world.holding(4, KEYHOLDERS)
    // the n - k + 1 others are as few as can close it
    const away = ['validator-4', 'validator-5']
    for (const name of ['dao', ...away]) await world.network.stop(name)
    const shredded = { shredded: 3, of: 5, needed: 3, unreadable: true }
    const unheard = await pool(4, 'withdraw', '--yes')
    expect([unheard.code, unheard.json()[0]], unheard.err).toMatchObject([0, { withdrawn: [{ ...shredded, logged: false }] }])
    // who was told would go on telling it by gossip for some seconds
    const told = ['validator-1', 'validator-2', 'validator-3']
    for (const name of told) await world.network.stop(name)
    // so two that know of no withdrawal are back with their shares, beside a DAO that knows of none either: both give their part
    for (const name of ['dao', ...away, ...told]) await world.network.run(name)
    const deleted = told.map((name) => [world.network.accounts.get(name) as string, 'UNKNOWN'])
    let parts: Parts | undefined
    await eventually(
      async () => {
        parts = await world.askParts(contributions[4] as string)
        return parts.good >= away.length && Object.values(parts.faults).every((code) => code === 'UNKNOWN')
      },
      undefined,
      100_000,
      1000,
    )
    expect(parts).toEqual({ good: 2, needed: 3, faults: Object.fromEntries(deleted) as object })
    // who stayed is opened by the same five
    expect(await world.askKeys(contributions[3] as string)).toBe(1)

    // and with the two away again there is no part of it at all
    for (const name of away) await world.network.stop(name)
    const gone = await pool(4, 'withdraw', '--yes')
    expect([gone.code, gone.json()[0]], gone.err).toMatchObject([0, { withdrawn: [{ ...shredded, logged: true }] }])
    expect(await world.askParts(contributions[4] as string)).toMatchObject({ good: 0 })
    // the same three answer for whoever stayed
    expect(await world.askKeys(contributions[3] as string)).toBe(1)

    await logged('consent.withdrawn', 3)
    person = (await world.rowsIn('opened-1')).find(({ object }) => object.name.endsWith(' of 4'))?.person ?? ''
    await isStale('--dao', world.network.url)
    // nobody asked for it: the operator's service tells the trainer, and what it told is there to be read too. A box goes out after every
    // withdrawal, whoever it was, and the one that is served may be a minute old
    const read = (...words: string[]) => checked('opened-1', '--dao', world.network.url, '--identity', at('key.txt'), ...words)
    const notices = async (...words: string[]) => (await read(...words)).json<{ notices: object[] }>()[0]?.notices ?? []
    const sent = ['--notices', at('box.age')]
    await eventually(async () => {
      const last = hook.boxes.at(-1)
      if (last === undefined) return false
      await writeFile(at('box.age'), last)
      return (await notices(...sent)).length > 0
    })
    await eventually(async () => (await notices()).length > 0, undefined, 120_000, 1000)
    for (const words of [sent, []]) {
      const heard = await read(...words)
      expect([heard.code, heard.json()[0]], heard.err).toMatchObject([
        3,
        { notices: [{ persons: [person], deleteBy: expect.any(String) as string }] },
      ])
    }
  }, 400_000)

  it('has a next release without who withdrew, and the trainer of that one is fresh', async () => {
    // too few validators are there to cosign the withdrawal: the service knows it all the same
    const run = await world.release('second')
    expect(run.code, run.err).toBe(0)
    const [made] = run.json<{ release: string; people: number; bundle: string }>()
    expect(made).toMatchObject({ people: PEOPLE - 1 })
    const opened = await runCli('pool', 'open', made?.bundle as string, '--identity', at('key.txt'), '--out', at('opened-2'), '--json')
    expect(opened.code, opened.err).toBe(0)
    expect(peopleIn(await world.rowsIn('opened-2'))).toEqual([0, 1, 2, 3, 5])
    const fresh = await checked('opened-2', '--dao', world.network.url)
    expect([fresh.code, fresh.json()[0]]).toMatchObject([0, { stale: false }])
    const inclusion = await pool(4, 'inclusion', at('second', 'release.cbor'))
    expect([inclusion.code, inclusion.json()[0]]).toMatchObject([3, { in: false }])
    // when they are back, a copy of the log that they cosigned says the same as the feed
    await Promise.all(['validator-4', 'validator-5'].map((name) => world.network.run(name)))
    // and the service, which alone has the release's secret, which rows are meant
    await isStale('--log', world.log, '--dao', world.network.url)
    const alone = await checked('opened-1', '--log', world.log)
    expect([alone.code, alone.json()[0]]).toMatchObject([3, { stale: true, withdrawn: 1, persons: null, due: null, trusted: 'log' }])
    // the two heard it of the log, and have no part of it either
    const refusals = async () => Object.values((await world.askParts(contributions[4] as string)).faults).join()
    await eventually(async () => (await refusals()) === Array(KEYHOLDERS).fill('UNKNOWN').join(), undefined, 100_000, 1000)
    // nor is who withdrew counted any more
    expect(await world.counted('--group', 'people')).toBe(EVERYBODY - 1)
  }, 300_000)

  it('goes on with a round that was paid and with no other, until its operator lets it go', async () => {
    const people = ['--group', 'people', '--epsilon-ppm', '1000']
    let before = ((await world.logged('budget.spend')) ?? 0) - 1
    let first: CliRun
    do {
      before++
      // what was counted before is at an end as soon as the operator's copy of the log says so
      const published = await world.logged('pool.statistics')
      await eventually(async () => (await replayPool(world.log)).ledger.state.poolStatistics.length === published, undefined, 50_000, 250)
      // asked at once, aggregators have not read in the log that it was paid; where they had the time to, the next round is as good
      first = await world.operate('statistics', ...people, '--wait', '0')
    } while (first.code === 0)
    expect([first.code, first.json().at(-1)]).toMatchObject([1, { error: { code: 'AGGREGATOR_MISSING' } }])
    await logged('budget.spend', before + 1)
    const other = await world.operate('statistics', '--group', 'years', '--epsilon-ppm', '1000')
    expect([other.code, other.json().at(-1)]).toMatchObject([3, { error: { code: 'OTHER_ROUND' } }])
    expect(await world.counted('--group', 'years', '--epsilon-ppm', '1000', '--abandon')).toBe(EVERYBODY - 1)
    await logged('budget.spend', before + 2)
  }, 180_000)

  it('ends for a person with a withdrawal, also without the DAO and at the keyholder that was away when it was said', async () => {
    await world.holding(0, KEYHOLDERS)
    await world.network.stop('validator-2')
    const before = await generation('validator-2')
    // the DAO is silent as well: keyholders are dialled where they were last
    await world.network.stop('dao')
    const alone = await pool(0, 'withdraw', '--yes')
    expect(alone.code, alone.err).toBe(0)
    expect(alone.json()[0]).toMatchObject({ withdrawn: [{ shredded: 4, of: 5, needed: 3, unreadable: true, logged: false }] })
    await world.network.run('dao')
    const run = await pool(0, 'withdraw', '--yes')
    expect([run.code, run.json()[0]]).toMatchObject([0, { withdrawn: [{ shredded: 4, unreadable: true, logged: true }] }])
    // one, whichever of its consents it was given under
    await logged('consent.withdrawn', 4)
    await world.network.run('validator-2')
    // nobody tells it but the log
    await eventually(async () => (await generation('validator-2')) > before)
    const again = await pool(0, 'withdraw', '--yes')
    expect([again.code, again.json()[0]]).toMatchObject([0, { withdrawn: [{ shredded: 5 }] }])
    expect((await pool(0, 'withdraw', '--yes')).code).toBe(3)
    const { stage, account, told, accesses } = await world.status(0, '--dpv', at('records'))
    expect(JSON.stringify(await record())).toContain('dpv:ConsentWithdrawn')
    // who had it before is told also afterwards
    expect([stage, told]).toEqual(['withdrawn', KEYHOLDERS])
    expect(accesses?.filter(({ role }) => role === 'assembler')[0]).toMatchObject({ trainer: world.trainer.did, outcome: 'ok' })
    // the place is free as soon as a quorum has cosigned that it is: the same account, by its seed alone, at another machine
    let anew: CliRun | undefined
    await eventually(
      async () => {
        anew = await pool(RESTORED, 'offer', exportOf(0), ...agreed, '--no-wait')
        return !anew.err.includes('SLOT_TAKEN')
      },
      undefined,
      100_000,
      1000,
    )
    expect([anew?.code, anew?.json()[0]], anew?.err).toMatchObject([0, { stage: 'committed', account }])
  }, 180_000)

  it('reaches by gossip whom nobody could tell: a keyholder whose address is not known, while the DAO is silent', async () => {
    const away = world.network.accounts.get('validator-4') as string
    // where all of them are by now
    await world.holding(1, KEYHOLDERS)
    const home = at('person-1')
    const ledger = (await knownLedger(home, world.network.url)) as string
    await world.network.stop('dao')
    {
      await using opened = await openSubjectHome(home, { ledger, seed: await openSeed(home), privateNetwork: true, logger: silent })
      const book = await PoolBook.open(opened.kv)
      await book.learnAddresses([], new Set((await book.addresses()).map(({ did }) => did).filter((one) => one !== away)))
    }
    const before = await generation('validator-4')
    const run = await pool(1, 'withdraw', '--yes')
    expect([run.code, run.json()[0]], run.err).toMatchObject([
      0,
      { withdrawn: [{ shredded: 4, logged: false, faults: { [away]: expect.any(String) as string } }] },
    ])
    await eventually(async () => (await generation('validator-4')) > before)
    await world.network.run('dao')
    // keyholders are back with the DAO after a moment, and it tells where they are
    const again = async () => (await pool(1, 'withdraw', '--yes')).json<{ withdrawn?: { shredded: number; logged: boolean }[] }>()[0]
    await eventually(async () => (await again())?.withdrawn?.[0]?.shredded === KEYHOLDERS, undefined, 100_000, 1000)
    await logged('consent.withdrawn', 5)
  }, 180_000)

  it('ends by its seed alone where home and receipts are lost', async () => {
    const seed = at('lost-seed.txt')
    await cp(at(`person-${LOST}`, 'pool', 'root.seed'), seed)
    await rm(at(`person-${LOST}`), { recursive: true })
    await world.holding(3, KEYHOLDERS)
    expect(await world.askKeys(contributions[LOST] as string)).toBe(1)
    const run = await pool(AFTER_LOSS, 'withdraw', '--yes', '--restore', seed)
    expect([run.code, run.json()[0]], run.err).toMatchObject([
      0,
      { withdrawn: [{ contribution: contributions[LOST], shredded: KEYHOLDERS, unreadable: true, logged: true }] },
    ])
    await expect(world.askKeys(contributions[LOST] as string)).rejects.toMatchObject({ code: 'NOT_ENOUGH_KEYHOLDERS' })
    const { stage, purposes, told, accesses } = await world.status(AFTER_LOSS)
    expect([stage, purposes, told]).toEqual(['withdrawn', null, KEYHOLDERS])
    expect(accesses?.some(({ role, trainer }) => role === 'assembler' && trainer === world.trainer.did)).toBe(true)
  }, 120_000)

  it('goes to the keyholders that its operator names, when enough are there, and who is left out has nothing of it', async () => {
    const members = [1, 2, 3, 4].map((i) => world.network.accounts.get(`validator-${i}`) as string)
    const left = world.network.accounts.get('validator-5')
    const reshare = () => world.operate('reshare', '--members', members.join(','))
    const away = ['validator-1', 'validator-2', 'validator-3']
    // the operator's commands read what is cosigned
    await eventually(async () => (await replayPool(world.log)).ledger.state.withdrawals.count === 6, undefined, 50_000, 250)
    for (const name of away) await world.network.stop(name)
    const few = await reshare()
    expect([few.code, few.json<{ contributions: { outcome: string }[] }>()[0]?.contributions.map(({ outcome }) => outcome)]).toEqual([
      3,
      Array(EVERYBODY - 4).fill('TOO_FEW_DEALERS'),
    ])
    for (const name of away) await world.network.run(name)
    await world.holding(3, KEYHOLDERS)
    const before = await generation('validator-5')
    const named = await reshare()
    expect([named.code, named.json()[0]], named.err).toMatchObject([
      0,
      { contributions: Array.from({ length: EVERYBODY - 4 }, () => ({ outcome: 'reshared', to: members })) },
    ])
    await logged('custody.reshare', PEOPLE + EVERYBODY - 4)
    await eventually(async () => (await generation('validator-5')) > before)
    await world.holding(3, members.length)
    expect(members).not.toContain(left)
    const gone = await pool(3, 'withdraw', '--yes')
    expect([gone.code, gone.json()[0]], gone.err).toMatchObject([0, { withdrawn: [{ shredded: 4, of: 4, needed: 2, unreadable: true }] }])
  }, 240_000)
})
