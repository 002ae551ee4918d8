/**
 * Contributors at home: they listen nowhere, their line is slow and loses packets, and one of them is cut off while it is tested.
 * Each role is a process in a host of its own. Skipped with a printed reason where no lab can be made; REQUIRE_NETLAB=1 makes that a failure.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Lab, type Spoken, whyNoLab } from './lab.ts'

const reason = whyNoLab()
if (reason !== undefined && process.env['REQUIRE_NETLAB'] === '1') throw new Error(reason)
if (reason !== undefined) console.log(`netlab tests skipped: ${reason}`)

const DAO = 1
const VALIDATORS = [2, 3]
const HOMES = [4, 5]
const SITE = 6
const LABELS = ['docs', 'blog', 'shop', 'forum', 'news', 'kitchen', 'intl', 'press', 'closed', 'flaky']

interface Contributor {
  account: string
  points: string
}

const eventually = <T>(look: () => Promise<T>, interval = 500): Promise<T> => vi.waitFor(look, { timeout: 150_000, interval })

describe.skipIf(reason !== undefined)('contributors that listen nowhere, over a slow and lossy line', () => {
  let lab: Lab
  let folder: string
  let dao: string
  const contributors: Spoken[] = []
  const validators: Spoken[] = []
  const info = () => lab.get<{ epoch: { number: number; phase: string } | null }>(DAO, `${dao}/v1/info`)

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'quern-lab-'))
    lab = await Lab.up(6)
    await lab.do('link', 'all', 'all', '--delay', '40', '--loss', '1')
    const home = (i: number): string[] => ['--home', path.join(folder, String(i))]
    const site = lab.quern(SITE, 'site', '--http', '0.0.0.0:8000', ...home(SITE))
    await site.said(/http:\/\/docs\.quern\.test:8000/)
    const rules = (await readFile(path.join(import.meta.dirname, '../../docker/charter.network.yaml'), 'utf8'))
      .replace(/minimum: 4/, `minimum: ${VALIDATORS.length}`)
      .replace(/minimum: 3/, `minimum: ${HOMES.length}`)
      .replace(/maxPagesPerContributor: \d+/, 'maxPagesPerContributor: 8')
    const charter = path.join(folder, 'charter.yaml')
    await writeFile(charter, rules)
    const listen = (i: number): string[] => ['--listen', `/ip4/${lab.address(i)}/tcp/4001`]
    dao = `http://${lab.address(DAO)}:8080`
    const service = lab.quern(DAO, 'dao', 'serve', '--charter', charter, '--http', '0.0.0.0:8080', ...listen(DAO), ...home(DAO))
    await service.said(/^ledger/)
    const hosts = ['--hosts', LABELS.map((label) => `${label}.quern.test=${lab.address(SITE)}`).join(',')]
    for (const i of VALIDATORS) validators.push(lab.quern(i, 'validator', '--dao', dao, ...listen(i), ...hosts, ...home(i)))
    for (const i of HOMES) contributors.push(lab.quern(i, 'node', '--dao', dao, '--listen', 'none', ...hosts, ...home(i)))
  }, 120_000)

  afterAll(async () => {
    await lab?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  }, 60_000)

  it('tests and rewards all of them, the one that was cut off too', async () => {
    await Promise.all(contributors.map((one) => one.said(/epoch 1 {2}receipt/)))
    await eventually(async () => expect((await info()).epoch).not.toMatchObject({ number: 1, phase: /gather|reveal|beacon/ }), 100)
    await lab.do('isolate', String(HOMES[0]))
    // the cut lasts until someone reports without it, or is past the time in which a tested peer may be silent
    await Promise.race([validators[0]?.said(/epoch 1 {2}tested/), new Promise((over) => setTimeout(over, 10_000))])
    await lab.do('heal')

    await eventually(async () => {
      const { epochs } = await lab.get<{ epochs: { epoch: number; final: boolean }[] }>(DAO, `${dao}/v1/epochs`)
      expect(epochs.find((one) => one.epoch === 1)?.final).toBe(true)
    })
    const listed = await lab.get<{ contributors: Contributor[] }>(DAO, `${dao}/v1/contributors`)
    expect(listed.contributors).toHaveLength(HOMES.length)
    for (const { account, points } of listed.contributors) expect(BigInt(points), account).toBeGreaterThan(0n)
  }, 240_000)

  it('goes on with everybody in the next epoch', async () => {
    const receipts = await Promise.all(contributors.map((one) => one.said(/epoch ([2-9]) {2}receipt/)))
    expect(receipts).toHaveLength(HOMES.length)
  }, 180_000)

  it('stops cleanly', async () => {
    for (const one of [...contributors, ...validators]) expect(await one.stop()).toBe(0)
  }, 60_000)
})
