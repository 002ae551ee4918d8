/** A network on real pages: crawls the manuals of Debian packages, closes two epochs, releases; then other people's tools read what it wrote. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { readFile } from '../../core/storage/index.ts'
import { audit } from '../../dao/audit/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import { type LocalNetwork, startLocalNetwork } from '../../cli/up/index.ts'
import { toHex } from '../../schemas/wire/index.ts'
import { copyLog } from '../support/copy-log.ts'
import { areInstalled, type Manuals, serveManuals } from './manuals.ts'
import { findPython } from './python.ts'

const python = findPython()
const isReady = areInstalled() && python !== undefined
if (!isReady) console.warn('The manuals or Python with its tools are not installed: this test is left out, as SKIP_REAL=1 says.')

const EPOCHS = 2
const run = promisify(execFile)

describe.runIf(isReady)('a network on real manuals', () => {
  let base: string
  let manuals: Manuals
  let network: LocalNetwork

  beforeAll(async () => {
    base = await mkdtemp(path.join(os.tmpdir(), 'quern-real-'))
    manuals = await serveManuals(path.join(base, 'nginx'))
    network = await startLocalNetwork({
      home: path.join(base, 'network'),
      seeds: manuals.seeds,
      allowPrivate: manuals.allowPrivate,
      hosts: manuals.hosts,
      contact: 'http://127.0.0.1/',
      contributors: 3,
      validators: 4,
      maxPages: 620,
      delayMs: 0,
      logger: silent,
    })
    const deadline = AbortSignal.timeout(840_000)
    await network.dao.operator.until(
      (state) => (state.releases.some((release) => release.throughEpoch >= EPOCHS) ? true : undefined),
      deadline,
    )
  }, 860_000)

  afterAll(async () => {
    await network?.[Symbol.asyncDispose]()
    await manuals?.[Symbol.asyncDispose]()
    await rm(base, { recursive: true, force: true })
  })

  it('closes two epochs over thousands of real pages and pays everybody for honest work', () => {
    const { state } = network.dao.operator
    const results = state.results.slice(0, EPOCHS)
    expect(results.map((result) => result.final)).toEqual([true, true])
    const rows = results.flatMap((result) => result.rows.filter((row) => row.role === 'contributor'))
    expect(rows.reduce((sum, row) => sum + row.records, 0)).toBeGreaterThan(3000)
    for (const row of rows) {
      expect(row.note, row.account).toBeNull()
      expect(row.credibility, row.account).toBe(1_000_000)
      expect(BigInt(row.points)).toBeGreaterThan(0n)
      expect(row.draws).toBeGreaterThan(100)
    }
    expect(state.invalid).toEqual([])
  })

  it('is replayed from a copy of its log to the same roots', async () => {
    const copy = path.join(base, 'copy')
    await copyLog(path.join(network.dao.home.folder, 'log'), copy)
    const report = await audit({ log: await openDiskLogStore(copy), files: new DiskFiles(path.join(copy, 'files')) })
    expect(report.problems).toEqual([])
    const roots = network.dao.operator.state.results.map((result) => toHex(result.root))
    expect(report.epochs.slice(0, EPOCHS).map((epoch) => toHex(epoch.root))).toEqual(roots.slice(0, EPOCHS))
  })

  it('is read by zcat, warcio, DuckDB and pandas', async () => {
    const { state } = network.dao.operator
    const release = state.releases.find((one) => one.throughEpoch >= EPOCHS)
    const batch = [...state.batches.values()][0]
    if (release === undefined || batch === undefined) throw new Error('no release or no batch')
    const space = network.dao.home.storage.public
    const records = path.join(base, 'records.jsonl.gz')
    const evidence = path.join(base, 'evidence.warc.gz')
    await writeFile(records, await readFile(space, batch.manifest.records, 1 << 30))
    await writeFile(evidence, await readFile(space, batch.manifest.evidence, 1 << 30))
    const lines = (await run('sh', ['-c', 'zcat "$1" | wc -l', 'sh', records])).stdout.trim()
    expect(Number(lines)).toBe(batch.manifest.count)

    const folder = path.join(network.dao.home.folder, 'releases', release.release.toString())
    const { stdout } = await run(python as string, [path.join(import.meta.dirname, 'check_outputs.py'), folder, records, evidence], {
      maxBuffer: 16 << 20,
    })
    const seen = JSON.parse(stdout) as Record<string, number & Record<string, number>>
    console.log(`released ${seen['duckdb']} records in ${seen['languages']} languages; WARC ${JSON.stringify(seen['warc'])}`)
    expect(seen['duckdb']).toBe(release.records)
    expect(seen['pandas']).toBe(release.records)
    expect(seen['unique']).toBe(release.records)
    expect(seen['records']).toBe(batch.manifest.count)
    expect(seen['languages']).toBeGreaterThanOrEqual(5)
    expect(seen['badDigests']).toBe(0)
    expect(seen['warc']?.['response']).toBeGreaterThanOrEqual(batch.manifest.count)
    const check = await run(python as string, ['-m', 'warcio.cli', 'check', evidence]).catch(
      (error: unknown) => error as { stdout: string; code: number },
    )
    expect('code' in check ? check.code : 0, check.stdout).toBe(0)
  })
})
