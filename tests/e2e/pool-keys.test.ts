/** The key behind a pool's tokens with real roles: dealt when the pool is opened, held by keyholders, and used when people offer. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { KillableNetwork } from '../support/killable-network.ts'
import { eventually } from '../support/real-clock.ts'
import { runCli } from '../support/run-cli.ts'
import { zipOf } from '../support/zip.ts'

const agreed = ['--purpose', 'ai:ModelTraining', '--purpose', 'dpv:DataQualityAssessment', '--adult', '--yes']
let network: KillableNetwork
let folder: string
const at = (name: string): string => path.join(folder, name)
const plays = Array.from({ length: 40 }, (_, i) => ({
  endTime: `2025-03-${String(1 + (i % 27)).padStart(2, '0')} 10:${String(10 + i)}`,
  artistName: `Artist ${i % 7}`,
  trackName: `Song ${i}`,
  msPlayed: 60_000 + i,
}))

interface Epoch {
  final: boolean
  rows: { role: string; records: number; fails: number; points: string }[]
}
interface Opened {
  poolKey: string
}
interface Offered {
  stage: string
  tokens: number
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-pool-keys-'))
  await writeFile(at('spotify.zip'), zipOf([{ name: 'Spotify Account Data/StreamingHistory_music_0.json', data: JSON.stringify(plays) }]))
  network = await KillableNetwork.start({
    contributors: 0,
    validators: 4,
    maxPages: 1,
    charter: { contributors: { minimum: 1, quota: null } },
  })
  await eventually(async () => (await network.ask<{ validators: number }>('/v1/info'))?.validators === 4)
}, 120_000)
afterAll(async () => {
  await network[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const offer = async (person: string, ...rest: string[]): Promise<Offered> => {
  const { code, err, json } = await runCli(
    'pool',
    'offer',
    ...rest,
    '--dao',
    network.url,
    '--home',
    at(person),
    '--json',
    '--log-level',
    'error',
  )
  expect(code, err).toBe(0)
  return json<Offered>()[0] as Offered
}
const open = async (): Promise<Opened> => {
  const http = network.url.slice('http://'.length)
  const { code, err, json } = await runCli(
    'dao',
    'pool',
    'open',
    at('pool.yaml'),
    '--home',
    network.folder('dao'),
    '--http',
    http,
    '--json',
  )
  expect([code, err]).toEqual([0, ''])
  return json<Opened>()[0] as Opened
}

describe('the key of a pool', () => {
  it('is dealt once: its keyholders have it, and nobody else any more', async () => {
    const who = ['--name', 'Upper Mill', '--address', '1 Mill Lane', '--contact', 'mailto:m@mill.example']
    expect((await runCli('dao', 'pool', 'init', ...who, '--out', at('pool.yaml'), '--json')).code).toBe(0)
    await network.stop('validator-3')
    const { poolKey } = await open()
    const waiting = (): Promise<string[]> => readdir(path.join(network.folder('dao'), 'pool-key'))
    // a keyholder that was away has its share when it is back
    await eventually(async () => (await waiting()).length === 1)
    expect((await waiting())[0]).toMatch(new RegExp(`^${poolKey}\\.[1234]$`))
    await network.run('validator-3')
    await eventually(async () => (await waiting()).length === 0)
    // the same keyholders under a later policy go on with it
    expect(await open()).toMatchObject({ poolKey })
    expect(await waiting()).toEqual([])
  }, 120_000)

  it('gives an export sixteen tokens, and what is new earns', async () => {
    expect(await offer('first', at('spotify.zip'), ...agreed)).toMatchObject({ stage: 'available', tokens: 16 })
    expect(await earnedIn(1)).toBeGreaterThan(0n)
  }, 240_000)

  it('is held through a crash of keyholders, and the same export of somebody else earns nothing', async () => {
    // three of four answer: one of these has to
    for (const name of ['validator-1', 'validator-2']) {
      await network.kill(name)
      await network.run(name)
    }
    expect(await offer('second', at('spotify.zip'), ...agreed)).toMatchObject({ stage: 'available', tokens: 16 })
    expect(await earnedIn(2)).toBe(0n)
  }, 240_000)
})

/** Points of the one contributor whose events were tested in that epoch, once it is final. */
async function earnedIn(epoch: number): Promise<bigint> {
  const where = `/v1/epochs/${epoch}`
  await eventually(async () => (await network.ask<Epoch>(where))?.final === true, undefined, 150_000)
  const rows = ((await network.ask<Epoch>(where))?.rows ?? []).filter(({ role, records }) => role === 'contributor' && records > 0)
  expect(rows).toMatchObject([{ records: 40, fails: 0 }])
  return BigInt(rows[0]?.points ?? -1)
}
