/**
 * The image and the Compose network on a real engine. Skipped with a printed reason where no engine answers;
 * REQUIRE_DOCKER=1 makes that a failure.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadBatch } from '../../dao/batches/index.ts'
import { DiskFiles } from '../../dao/stores/index.ts'
import { parseCid, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { type Compose, CONTRIBUTORS, docker, joining, openCompose, quern, SERVICES, VALIDATORS } from './compose.ts'

const IMAGE_BUDGET_MB = 450
const reason = whyNot()
if (reason !== undefined && process.env['REQUIRE_DOCKER'] === '1') throw new Error(reason)
if (reason !== undefined) console.log(`docker tests skipped: ${reason}`)

interface Releases {
  releases: { release: string; throughEpoch: number; records: number }[]
}
interface Audit {
  ok: boolean
  invalid: unknown[]
  problems: unknown[]
  epochs: { epoch: number; matches: boolean }[]
}
interface Shown {
  author: string
  payload: { epoch: number; manifest?: string }
  invalid: string | null
}

const eventually = <T>(look: () => Promise<T>): Promise<T> => vi.waitFor(look, { timeout: 240_000, interval: 1000 })

describe.skipIf(reason !== undefined)('a network of containers', () => {
  let network: Compose
  let folder: string
  const releases = async (): Promise<Releases['releases']> => (await network.get<Releases>('/v1/releases')).releases
  const newest = async (): Promise<number> => Math.max(0, ...(await releases()).map((one) => one.throughEpoch))
  const entries = async (type: string): Promise<Shown[]> =>
    (await quern('ledger', 'show', '--log', await copyOfLog(), '--type', type, '--limit', '10000', '--json'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Shown)

  async function copyOfLog(): Promise<string> {
    const copy = path.join(folder, 'log')
    await rm(copy, { recursive: true, force: true })
    await network.run('cp', 'dao:/data/log', copy)
    return copy
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'quern-docker-'))
    network = await openCompose('quern-test')
    await network.run('down', '-v', '--remove-orphans')
    await network.run('build', 'dao')
    await network.run('up', '-d', '--wait')
  }, 600_000)

  afterAll(async () => {
    if (process.env['QUERN_KEEP'] !== '1') await network.run('down', '-v', '--remove-orphans')
    await rm(folder, { recursive: true, force: true })
  }, 120_000)

  it('is small, and carries no tools of development and no secret', async () => {
    const [size = '0', user, volumes, signal] = (
      await docker('image', 'inspect', 'quern', '-f', '{{.Size}} {{.Config.User}} {{json .Config.Volumes}} {{.Config.StopSignal}}')
    )
      .trim()
      .split(' ')
    const megabytes = Math.round(Number(size) / 1e6)
    console.log(`image: ${megabytes} MB of ${IMAGE_BUDGET_MB}`)
    expect(megabytes).toBeLessThan(IMAGE_BUDGET_MB)
    expect([user, volumes, signal]).toEqual(['node', '{"/data":{}}', 'SIGTERM'])
    expect(await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', 'quern')).not.toMatch(/token|password|secret|authorization/i)
    const listing = await network.exec('dao', 'sh', '-c', 'ls -a /app /app/node_modules; ls /root/.npm 2>&1 || true')
    for (const absent of ['.git', 'vitest', 'typescript', 'oxlint', '_cacache', 'react-native\n']) expect(listing).not.toContain(absent)
  })

  it('brings everyone up healthy, without root, capabilities or a writable program', async () => {
    for (const service of SERVICES) {
      expect(await network.inspect(service, '{{.State.Health.Status}}'), service).toBe('healthy')
      expect((await network.exec(service, 'id', '-u')).trim(), service).toBe('1000')
      const status = await network.exec(service, 'cat', '/proc/self/status')
      expect(status, service).toMatch(/^CapEff:\s+0+$/m)
      expect(status, service).toMatch(/^NoNewPrivs:\s+1$/m)
      const written = await network.exec(service, 'node', '-e', 'try { fs.writeFileSync("/app/x", "") } catch (e) { console.log(e.code) }')
      expect(written.trim(), service).toBe('EROFS')
    }
  })

  it('cuts a release that a stranger fetches and verifies; nobody listens but the DAO and the validators', async () => {
    await eventually(async () => expect(await newest()).toBeGreaterThanOrEqual(1))
    const out = path.join(folder, 'release')
    await quern('dataset', 'fetch', '--dao', network.url, '--out', out)
    await quern('dataset', 'verify', out)
    const rows = (await quern('dataset', 'query', out, '--json', '--limit', '1000')).trim().split('\n')
    expect(rows.length).toBeGreaterThan(10)
    const earned = new Set(rows.map((row) => (JSON.parse(row) as { contributor_id: string }).contributor_id))
    for (const contributor of CONTRIBUTORS) {
      expect(earned, contributor).toContain(await network.account(contributor))
      // 0A in /proc/net/tcp is LISTEN; Docker's own resolver listens on 127.0.0.11
      const sockets = await network.exec(contributor, 'cat', '/proc/net/tcp', '/proc/net/tcp6')
      const listening = sockets.split('\n').filter((line) => /^\s*\d+: /.test(line) && line.split(/\s+/)[4] === '0A')
      expect(
        listening.filter((line) => !line.includes('0B00007F:')),
        contributor,
      ).toEqual([])
    }
  }, 300_000)

  it('brings a killed contributor back as the same peer, with everything it had, counting nothing twice', async () => {
    const account = await network.account('contributor-1')
    for (const moment of ['committed', 'published']) {
      await network.said('contributor-1', new RegExp(`epoch \\d+ {2}${moment}`))
      await network.crash('contributor-1')
      expect(await network.account('contributor-1')).toBe(account)
    }
    const [, epoch = ''] = await network.said('contributor-1', /epoch (\d+) {2}receipt/)
    await eventually(async () => expect(await newest()).toBeGreaterThanOrEqual(Number(epoch)))
    expect(Number(await network.inspect('contributor-1', '{{.RestartCount}}'))).toBe(2)

    const reveals = (await entries('contribution.reveal')).filter((entry) => entry.author === account)
    expect(reveals.every((entry) => entry.invalid === null)).toBe(true)
    expect(new Set(reveals.map((entry) => entry.payload.manifest)).size).toBe(reveals.length)
    const commits = (await entries('contribution.commit')).filter((entry) => entry.author === account)
    expect(commits.length - reveals.length, 'every commitment was opened once').toBeLessThanOrEqual(1)
    const { contributors } = await network.get<{ contributors: { account: string }[] }>('/v1/contributors')
    expect(contributors).toHaveLength(CONTRIBUTORS.length)
  }, 300_000)

  it('loses no record of a contributor whose volume is deleted after the receipt', async () => {
    const account = await network.account('contributor-3')
    const [, epoch = '', records = ''] = await network.said('contributor-3', /epoch (\d+) {2}receipt {2}(\d+) records/)
    await docker('kill', await network.container('contributor-3'))
    await network.run('rm', '-f', 'contributor-3')
    await docker('volume', 'rm', `${network.project}_contributor-3`)
    await eventually(async () => expect(await newest()).toBeGreaterThanOrEqual(Number(epoch)))

    // every record of every batch that it revealed by then, the acknowledged one among them, still comes from the DAO
    const reveals = (await entries('contribution.reveal')).filter(
      ({ author, payload }) => author === account && payload.epoch <= Number(epoch),
    )
    const files = new DiskFiles(path.join(folder, 'log', 'files'))
    const counts: number[] = []
    for (const { payload } of reveals) {
      const batch = loadBatch((cid) => files.read(cid), parseCid(payload.manifest as string))
      if (batch === undefined) throw new Error(`the log lacks the files of batch ${payload.manifest}`)
      const response = await fetch(`${network.url}/ipfs/${batch.manifest.records.toString()}`)
      expect(response.status).toBe(200)
      const lines = gunzipSync(Buffer.from(await response.arrayBuffer()))
        .toString('utf8')
        .split('\n')
        .slice(0, -1)
      expect(lines.map((line) => rawCid(utf8(line)).toString())).toEqual(batch.index.rows.map(({ record }) => record.toString()))
      counts.push(lines.length)
    }
    expect(counts.at(-1)).toBe(Number(records))

    const out = path.join(folder, 'after')
    await quern('dataset', 'fetch', '--dao', network.url, '--out', out)
    const rows = (await quern('dataset', 'query', out, '--contributor', account, '--json', '--limit', '1000')).trim().split('\n')
    const kept = rows.filter((row) => (JSON.parse(row) as { epoch: number }).epoch === Number(epoch))
    // a page that another contributor had before is a duplicate and left out of the release
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.length).toBeLessThanOrEqual(Number(records))
    const { epochs } = await network.get<{ epochs: { epoch: number; final: boolean }[] }>('/v1/epochs')
    expect(epochs.find((one) => one.epoch === Number(epoch))?.final).toBe(true)
  }, 300_000)

  it('is joined by the contributor of docker/compose.yaml, which is counted', async () => {
    const newcomer = joining(network)
    try {
      await newcomer('up', '-d', '--wait')
      const container = (await newcomer('ps', '-q', 'contributor')).trim()
      expect((await docker('inspect', '-f', '{{.State.Health.Status}}', container)).trim()).toBe('healthy')
      const { account } = JSON.parse(await docker('exec', container, 'quern', 'init', '--json')) as { account: string }
      await eventually(async () =>
        expect(await newcomer('logs', '--no-log-prefix', 'contributor')).toMatch(/epoch \d+ {2}receipt {2}\d+ records/),
      )
      const { contributors } = await network.get<{ contributors: { account: string }[] }>('/v1/contributors')
      expect(contributors.map((one) => one.account)).toContain(account)
      await docker('stop', container)
      expect((await docker('inspect', '-f', '{{.State.ExitCode}}', container)).trim()).toBe('0')
    } finally {
      await newcomer('down', '-v')
    }
  }, 300_000)

  it('leaves a ledger without one broken rule', async () => {
    // a copy made just after a reveal lacks what the DAO has yet to pull: then another one is made
    const report = await eventually(async () => JSON.parse(await quern('ledger', 'audit', await copyOfLog(), '--json')) as Audit)
    expect(report).toMatchObject({ ok: true, invalid: [], problems: [] })
    expect(report.epochs.length).toBeGreaterThan(2)
    expect(report.epochs.every((one) => one.matches)).toBe(true)
  }, 300_000)

  it('stops every role cleanly when asked', async () => {
    for (const service of ['contributor-1', 'contributor-2', ...VALIDATORS, 'dao', 'site'] as const) {
      await docker('stop', await network.container(service))
      expect(await network.inspect(service, '{{.State.ExitCode}} {{.State.OOMKilled}}'), service).toBe('0 false')
    }
  })

  it('goes on from its volumes after down and up', async () => {
    await network.run('up', '-d', 'dao', 'site', 'contributor-1')
    const info = await eventually(() => network.get<{ ledger: string; size: number }>('/v1/info'))
    expect(info.size).toBeGreaterThan(100)
    expect((await releases()).length).toBeGreaterThan(2)
  }, 120_000)
})

function whyNot(): string | undefined {
  try {
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' })
    execFileSync('docker', ['info'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'no Docker engine with Compose answers; tools/container-engine up starts one'
  }
}
