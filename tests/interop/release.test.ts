/** Releases as others read them: Python's data tools, the reference Croissant validator, and Kubo. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { generateKey } from '../../core/identity/index.ts'
import { openPeer, type Peer } from '../../core/peer/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { COLUMNS, type Release } from '../../dao/release/index.ts'
import { openHttp } from '../../dao/service/index.ts'
import { sha256, toHex } from '../../schemas/wire/index.ts'
import { realClock } from '../support/real-clock.ts'
import type { World } from '../support/release-world.ts'
import { sampleRelease } from '../support/sample-release.ts'
import { findKubo, type Kubo, startKubo } from './kubo.ts'
import { findPython } from './python.ts'

const python = await findPython()
const kubo = await findKubo()
if (python === undefined) console.warn('No Python with data tools: its tests are left out, as SKIP_INTEROP=1 says.')
if (kubo === undefined) console.warn('Kubo is not there: its tests are left out, as SKIP_INTEROP=1 says.')

let base: string
let folder: string
let release: Release
let world: World
beforeAll(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'quern-interop-'))
  const building = path.join(base, 'building')
  const charter = { release: { hostCapPpm: 1_000_000, contributorCapPpm: 1_000_000, shardBytes: 60_000, rowGroup: 2048 } }
  ;({ release, world } = await sampleRelease(building, { charter }))
  folder = path.join(base, 'releases', release.root.toString())
  await cp(building, folder, { recursive: true })
})
afterAll(() => rm(base, { recursive: true, force: true }))

describe.runIf(python !== undefined)('Python', () => {
  it('reads every row, agrees with every digest, and finds Croissant and OpenAPI without a fault', async () => {
    await using storage = new MemoryStorage()
    const http = await openHttp({
      state: () => world.state,
      log: () => undefined,
      term: () => 0,
      files: world.files,
      releases: path.join(base, 'releases'),
      storage,
      clock: realClock,
      logger: silent,
    })
    await using listening = await http.listen()
    const openapi = path.join(base, 'openapi.json')
    await writeFile(openapi, await (await http.app.request('/openapi.json')).text())
    const url = `${listening.url}/v1/releases/${release.root}`
    const { stdout } = await promisify(execFile)(
      python as string,
      [path.join(import.meta.dirname, 'check_release.py'), folder, url, openapi],
      { maxBuffer: 64 << 20 },
    )
    const dtype = { boolean: 'never', date: 'never', decimal: 'never', text: 'string', integer: 'int64', time: 'timestamp[us, tz=UTC]' }
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      pyarrow: 120,
      pandas: 120,
      duckdb: 120,
      datasets: 120,
      features: Object.fromEntries(COLUMNS.map(({ name, type }) => [name, dtype[type]])),
      errors: [],
      warnings: [],
      croissant: 120,
      remote: release.manifest.files[0]?.rows,
      rowsRoot: release.manifest.rowsRoot,
      sharesRoot: release.manifest.sharesRoot,
      textDigests: true,
      openapi: true,
    })
  })
})

describe.runIf(kubo !== undefined)('Kubo', () => {
  it('gives the folder the same root CID', async () => {
    await using daemon = await startKubo(kubo as string)
    const flags = ['--cid-version=1', '--raw-leaves', '--chunker=size-1048576', '--max-file-links=1024', '--recursive', '--quieter']
    expect(String(await daemon.ipfs('add', ...flags, folder)).trim()).toBe(release.root.toString())
  })

  it('fetches the whole release by its root CID from a peer of ours over bitswap', async () => {
    await using daemon = await startKubo(kubo as string)
    await using peer = await openServing()
    await daemon.ipfs('swarm', 'connect', peer.mesh.addresses()[0] as string)
    const ours = await filesIn(folder)
    expect([...ours.keys()]).toEqual(expect.arrayContaining(['manifest.json', 'shares.json', 'data/train-00000-of-00003.parquet']))
    expect(await filesIn(await gotten(daemon))).toEqual(ours)
  })

  it('imports the CAR that our peer gives of it, and needs nobody for its files then', async () => {
    await using daemon = await startKubo(kubo as string)
    const car = path.join(daemon.folder, 'release.car')
    {
      await using peer = await openServing()
      await writeFile(car, peer.storage.public.exportCar(release.root))
    }
    expect(String(await daemon.ipfs('dag', 'import', '--pin-roots', car))).toContain(release.root.toString())
    expect(String(await daemon.ipfs('pin', 'ls', '--type=recursive'))).toContain(release.root.toString())
    expect(await filesIn(await gotten(daemon))).toEqual(await filesIn(folder))
  })

  async function openServing(): Promise<Peer> {
    const home = await mkdtemp(path.join(base, 'peer-'))
    const peer = await openPeer({ signer: generateKey(), home, clock: realClock, privateNetwork: true })
    for await (const block of release.blocks()) await peer.storage.public.put([block])
    await peer.storage.public.pin(release.root)
    return peer
  }

  /** Where Kubo wrote the release. */
  async function gotten(daemon: Kubo): Promise<string> {
    const copy = path.join(daemon.folder, 'got')
    await daemon.ipfs('get', '-o', copy, `/ipfs/${release.root.toString()}`)
    return copy
  }

  /** SHA-256 of every file below a folder, by its path there. */
  async function filesIn(where: string): Promise<Map<string, string>> {
    const entries = await readdir(where, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
    return new Map(await Promise.all(files.map(async (file) => [path.relative(where, file), toHex(sha256(await readFile(file)))] as const)))
  }
})
