/** A personal pool with real roles: a DAO and five validators as processes, and the commands that people type. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KillableNetwork } from '../support/killable-network.ts'
import { eventually } from '../support/real-clock.ts'
import { runCli } from '../support/run-cli.ts'
import { zipOf } from '../support/zip.ts'

const PURPOSES = ['ai:ModelTraining', 'dpv:DataQualityAssessment']
const agreed = [...PURPOSES.flatMap((purpose) => ['--purpose', purpose]), '--adult', '--yes']
let network: KillableNetwork
let folder: string
const at = (name: string): string => path.join(folder, name)
const plays = Array.from({ length: 40 }, (_, i) => ({
  endTime: `2025-03-${String(1 + (i % 27)).padStart(2, '0')} 10:${String(10 + i)}`,
  artistName: `Artist ${i % 7}`,
  trackName: `Song ${i}`,
  msPlayed: 60_000 + i,
}))

interface Info {
  validators: number
  epoch: { number: number; phase: string } | null
}
interface Epoch {
  final: boolean
  rows: { role: string; records: number; fails: number; points: string }[]
}
interface Offered {
  contribution: string
  stage: string
  available: number
}
interface Status {
  contributions: {
    contribution: string
    stage: string
    health: string | null
    holding: number
    shredded: number
    purposes: string[]
    withdrawn: string[]
    lacking: number
    expires: number
    accesses: { role: string; outcome: string; seenBy: number }[]
    faults: Record<string, string>
  }[]
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-pool-roles-'))
  await writeFile(at('spotify.zip'), zipOf([{ name: 'Spotify Account Data/StreamingHistory_music_0.json', data: JSON.stringify(plays) }]))
  await writeFile(at('evil.zip'), zipOf([{ name: '../SECRET', data: 'x' }]))
  network = await KillableNetwork.start({
    contributors: 0,
    validators: 5,
    maxPages: 1,
    charter: { contributors: { minimum: 1, quota: null } },
  })
  await eventually(async () => (await network.ask<Info>('/v1/info'))?.validators === 5)
}, 120_000)
afterAll(async () => {
  await network[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const pool = (what: string, ...rest: string[]) =>
  runCli('pool', what, ...rest, '--dao', network.url, '--home', at('person'), '--json', '--log-level', 'error')
const operate = (...words: string[]) => runCli(...words, '--json')
let account = ''
const status = async (): Promise<Status['contributions'][number]> => {
  const { code, err, json } = await pool('status')
  expect(code, err).toBe(0)
  account = json<{ account: string }>()[0]?.account ?? ''
  return json<Status>()[0]?.contributions[0] as Status['contributions'][number]
}

describe('a personal pool', () => {
  it('is not there before its operator opens it', async () => {
    const { code, json } = await pool('offer', at('spotify.zip'), ...agreed)
    expect([code, json()]).toMatchObject([3, [{ error: { code: 'NO_POOL' } }]])
    expect((await pool('status')).code).toBe(3)
    expect((await pool('withdraw', '--all', '--yes')).code).toBe(3)
  })

  it('is opened with five keyholders', async () => {
    const who = ['--name', 'Upper Mill', '--address', '1 Mill Lane', '--contact', 'mailto:m@mill.example']
    const init = await operate('dao', 'pool', 'init', ...who, '--out', at('pool.yaml'))
    expect(init.code).toBe(0)
    const http = network.url.slice('http://'.length)
    const opened = await operate('dao', 'pool', 'open', at('pool.yaml'), '--home', network.folder('dao'), '--http', http)
    expect([opened.code, opened.err]).toEqual([0, ''])
    expect(opened.json()[0]).toMatchObject({ k: 3, members: { length: 5 }, version: 2, from: 1 })
  })

  it.each<[string, number, string, () => string[]]>([
    ['nobody can be asked', 2, 'UNATTENDED', () => [at('spotify.zip')]],
    ['a needed purpose is not named', 2, 'PURPOSE_MISSING', () => [at('spotify.zip'), '--purpose', 'ai:ModelTraining', '--adult', '--yes']],
    ['nobody says that they are an adult', 2, 'NOT_ADULT', () => [at('spotify.zip'), ...agreed.filter((one) => one !== '--adult')]],
    ['a purpose is not on offer', 1, 'PURPOSE_UNKNOWN', () => [at('spotify.zip'), ...agreed, '--purpose', 'dpv:CommercialResearch']],
    [
      'privacy control is set and an optional purpose named',
      1,
      'GPC',
      () => [at('spotify.zip'), ...agreed, '--purpose', 'ai:Benchmarking', '--gpc'],
    ],
    ['the export is hostile', 1, 'UNSAFE_PATH', () => [at('evil.zip'), ...agreed]],
    ['there is no export', 2, 'PATH_MISSING', () => agreed],
  ])('takes nothing where %s', async (_, exit, code, words) => {
    const run = await pool('offer', ...words())
    expect([run.code, run.json().at(-1)]).toMatchObject([exit, { error: { code } }])
    // neither an account nor a secret comes of it
    expect(await readdir(at('person/pool'))).toEqual(['daos.json'])
  })

  it('is not looked for at an address where no DAO is', async () => {
    const run = await runCli('pool', 'offer', at('spotify.zip'), ...agreed, '--dao', 'http://127.0.0.1:9', '--home', at('person'), '--json')
    expect([run.code, run.json()]).toMatchObject([1, [{ error: { code: 'DAO_UNREACHABLE' } }]])
  })

  it('takes an export that its owner agreed to', async () => {
    const more = ['--purpose', 'ai:Benchmarking', '--days', '20']
    const run = await pool('offer', at('spotify.zip'), ...agreed, ...more, '--no-wait', '--notice', at('notice.md'), '--backup')
    expect(run.code, run.err).toBe(0)
    const [offered] = run.json<Offered>()
    expect(offered).toMatchObject({ stage: 'committed' })
    // away, and back: nothing is asked again, and it goes on where it was
    const back = await pool('offer')
    expect([back.code, back.err]).toMatchObject([0, expect.stringContaining('going on with')])
    expect(back.json()[0]).toMatchObject({ contribution: offered?.contribution, stage: 'available' })
    // what was shown is what was signed, and what can be printed
    const notice = await readFile(at('notice.md'), 'utf8')
    expect(run.err).toContain(notice.trim())
    const [seed] = /quern-pool-seed-1 [0-9a-f]{64} [0-9a-f]{8}/.exec(run.err) ?? []
    expect(seed).toBeDefined()
    await writeFile(at('seed.txt'), `${seed}\n`)
    // on a busy machine a keyholder may take its time to be dialled
    await eventually(async () => (await status()).holding === 5)
    expect(await status()).toMatchObject({ stage: 'available', events: 40 })
    // of one person one contribution at a time
    const second = await pool('offer', at('spotify.zip'), ...agreed)
    expect([second.code, second.json().at(-1)]).toMatchObject([3, { error: { code: 'ALREADY_OFFERED' } }])
    const [home] = (await readdir(at('person/pool'), { withFileTypes: true })).filter((one) => one.isDirectory())
    expect(await readdir(at(`person/pool/${home?.name}/receipts`))).toEqual([`${offered?.contribution}.jws`])
  }, 90_000)

  it('is tested by validators that open what the beacon drew, and its owner sees who did', async () => {
    await eventually(async () => (await network.ask<Epoch>('/v1/epochs/1'))?.final === true, undefined, 120_000)
    const mine = ((await network.ask<Epoch>('/v1/epochs/1'))?.rows ?? []).find(({ role }) => role === 'contributor')
    expect(mine).toMatchObject({ records: 40, fails: 0 })
    expect(BigInt(mine?.points ?? 0)).toBeGreaterThan(0n)
    const { accesses } = await status()
    expect(new Set(accesses.map(({ role, outcome }) => `${role} ${outcome}`))).toEqual(new Set(['scorer ok']))
    expect(accesses.length).toBe(5)
    expect(accesses.every(({ seenBy }) => seenBy >= 3)).toBe(true)
  }, 150_000)

  it('holds a share through a crash of its keyholder', async () => {
    await network.kill('validator-1')
    await eventually(async () => (await status()).holding === 4)
    await network.run('validator-1')
    await eventually(async () => (await status()).holding === 5)
    expect(await status()).toMatchObject({ stage: 'available' })
  }, 150_000)

  it('goes on without a purpose that was withdrawn, under a consent that was renewed, with fresh shares', async () => {
    const narrowed = await pool('withdraw', '--purpose', 'ai:Benchmarking', '--yes')
    expect([narrowed.code, narrowed.json()[0]], narrowed.err).toMatchObject([
      0,
      { withdrawn: [{ purposes: ['ai:Benchmarking'], heard: 5, of: 5, logged: true }] },
    ])
    await eventually(async () => (await network.ask<{ entries: object[] }>('/v1/ledger?type=consent.withdrawn'))?.entries.length === 1)
    const again = await pool('renew', ...agreed, '--purpose', 'ai:Benchmarking')
    expect([again.code, again.json().at(-1)]).toMatchObject([1, { error: { code: 'PURPOSE_UNKNOWN' } }])
    const before = await status()
    const renewed = await pool('renew', ...agreed)
    expect([renewed.code, renewed.json()[0]], renewed.err).toMatchObject([0, { held: 5, of: 5, purposes: PURPOSES }])
    const beside = ['--home', network.folder('dao'), '--http', network.url.slice('http://'.length)]
    expect((await operate('dao', 'pool', 'reshare', ...beside, '--dry-run')).json()[0]).toMatchObject({
      contributions: [{ health: 'sound', outcome: 'sound' }],
    })
    const fresh = await operate('dao', 'pool', 'reshare', ...beside, '--refresh')
    expect([fresh.code, fresh.json()[0]], fresh.err).toMatchObject([0, { contributions: [{ outcome: 'reshared', faults: {} }] }])
    await eventually(async () => (await network.ask<{ entries: object[] }>('/v1/ledger?type=custody.reshare'))?.entries.length === 1)
    await eventually(async () => (await status()).holding === 5)
    const now = await status()
    expect(now).toMatchObject({ stage: 'available', purposes: PURPOSES, withdrawn: ['ai:Benchmarking'], lacking: 0 })
    expect(now.expires).toBeGreaterThan(before.expires)
  }, 150_000)

  it('has one place for one seed, wherever it is restored', async () => {
    const elsewhere = (...words: string[]) =>
      runCli(
        'pool',
        'offer',
        at('spotify.zip'),
        ...agreed,
        ...words,
        '--dao',
        network.url,
        '--home',
        at('restored'),
        '--json',
        '--log-level',
        'error',
      )
    const taken = await elsewhere('--restore', at('seed.txt'))
    expect([taken.code, taken.json().at(-1)], taken.err).toMatchObject([3, { error: { code: 'SLOT_TAKEN' } }])
  }, 60_000)

  it('ends with a withdrawal, also at the keyholder that was away when it was said', async () => {
    const generation = async (name: string): Promise<number> =>
      Math.max(0, ...(await readdir(path.join(network.folder(name), 'keyholder', 'shares'))).map((file) => Number(file.split('.')[1] ?? 0)))
    await network.stop('validator-2')
    const before = await generation('validator-2')
    // the DAO is silent as well: keyholders are dialled where they were last
    await network.stop('dao')
    const began = Date.now()
    const alone = await pool('withdraw', '--yes')
    console.log(`withdraw: ${Date.now() - began} ms until 4 of 5 keyholders had signed, without the DAO`)
    expect(alone.code, alone.err).toBe(0)
    expect(alone.json()[0]).toMatchObject({ withdrawn: [{ shredded: 4, of: 5, needed: 3, unreadable: true, logged: false }] })
    await network.run('dao')
    const run = await pool('withdraw', '--yes')
    expect([run.code, run.json()[0]]).toMatchObject([0, { withdrawn: [{ shredded: 4, unreadable: true, logged: true }] }])
    await eventually(async () => {
      const page = await network.ask<{ entries: object[] }>('/v1/ledger?type=consent.withdrawn')
      return page?.entries.length === 3
    })
    await network.run('validator-2')
    // nobody tells it but the log
    await eventually(async () => (await generation('validator-2')) > before)
    const again = await pool('withdraw', '--yes')
    expect([again.code, again.json()[0]]).toMatchObject([0, { withdrawn: [{ shredded: 5 }] }])
    expect((await pool('withdraw', '--yes')).code).toBe(3)
    expect(await status()).toMatchObject({ stage: 'withdrawn' })
    // the place is free: the same account, by its seed alone, at another machine
    const elsewhere = ['--dao', network.url, '--home', at('restored'), '--no-wait', '--json', '--log-level', 'error']
    const anew = await runCli('pool', 'offer', at('spotify.zip'), ...agreed, ...elsewhere)
    expect([anew.code, anew.json()[0]], anew.err).toMatchObject([0, { stage: 'committed', account }])
  }, 180_000)
})
