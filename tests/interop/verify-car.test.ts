/** Python's standard library, and nothing of ours, reads our CAR files. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MemoryStorage, readFile } from '../../core/storage/index.ts'
import { chunkFile } from '../../schemas/wire/index.ts'
import { noise } from '../compliance/storage.ts'
import { mayLeaveOut } from '../support/provide.ts'
import { sampleBatch, sampleRecord } from '../unit/sample-batch.ts'

const run = promisify(execFile)
const script = path.join(import.meta.dirname, 'verify_car.py')
const python = await run('python3', ['--version']).then(
  () => 'python3',
  () => undefined,
)
const wanted = python !== undefined || !mayLeaveOut('SKIP_INTEROP')
if (!wanted) console.warn('python3 is not installed: the second reader of CAR files is left out, as SKIP_INTEROP=1 says.')

describe.skipIf(!wanted)('verify_car.py', () => {
  let folder: string
  const { public: space } = new MemoryStorage()
  const batch = sampleBatch(1100)
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'quern-car-'))
    await space.put(batch.blocks)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const verify = (file: string, ...args: string[]): Promise<{ stdout: Buffer }> =>
    run('python3', [script, file, ...args], { encoding: 'buffer', maxBuffer: 64 << 20 })

  it('finds every file of a batch in its CAR, with the same bytes', async () => {
    const car = path.join(folder, 'batch.car')
    await writeFile(car, space.exportCar(batch.manifestCid))
    const report = JSON.parse(String((await verify(car)).stdout)) as {
      roots: string[]
      blocks: number
      files: Record<string, { cid: string; sha256: string }>
    }
    expect(report.roots).toEqual([String(batch.manifestCid)])
    for (const file of ['records', 'evidence', 'index', 'sketches'] as const) {
      const bytes = await readFile(space, batch.manifest[file], 16 << 20)
      expect(report.files[file]).toMatchObject({
        cid: String(batch.manifest[file]),
        sha256: createHash('sha256').update(bytes).digest('hex'),
      })
    }
    const lines = gunzipSync((await verify(car, '--cat', 'records')).stdout)
      .toString()
      .split('\n')
    expect(lines[1099]).toBe(Buffer.from(sampleRecord(1099).record).toString())
  })

  it('reads a file of several leaves, and refuses one bent bit and a file cut short', async () => {
    const file = chunkFile(noise(3_000_000))
    await space.put(file.blocks)
    const car = Buffer.concat(await Array.fromAsync(space.exportCar(file.root)))
    const good = path.join(folder, 'file.car')
    await writeFile(good, car)
    expect(Buffer.compare((await verify(good, '--cat', '')).stdout, noise(3_000_000))).toBe(0)
    const bent = Buffer.from(car)
    bent[2_000_000] = (bent[2_000_000] ?? 0) ^ 1
    await writeFile(path.join(folder, 'bent.car'), bent)
    await expect(verify(path.join(folder, 'bent.car'))).rejects.toMatchObject({ code: 1 })
    await writeFile(path.join(folder, 'cut.car'), car.subarray(0, 1_000_000))
    await expect(verify(path.join(folder, 'cut.car'))).rejects.toMatchObject({ code: 1 })
  })
})
