/**
 * Our log under Go's checksum database code (golang.org/x/mod/sumdb): another implementation of trees, tiles and notes reads what
 * the sequencer wrote to disk, and we read what it writes. Needs Go; its module is fetched through the module proxy.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../../core/effects/index.ts'
import { keyFromSeed } from '../../../core/identity/index.ts'
import { MemoryKv } from '../../../core/kv/index.ts'
import { formatVkey, logVkey, noteSigner, openWitness, parseVkey, SIGNATURE_TYPES } from '../../../dao/log/index.ts'
import { openSequencer } from '../../../dao/sequencer/index.ts'
import { openDiskLogStore } from '../../../dao/stores/index.ts'
import { utf8 } from '../../../schemas/wire/index.ts'
import { World } from '../../../sim/index.ts'
import { findGo, mayLeaveOut } from '../../support/provide.ts'

/** Enough for three levels of tiles. */
const SIZE = 65_536 + 700
const run = promisify(execFile)
const seed = (n: number) => keyFromSeed(new Uint8Array(32).fill(n))
const base64 = (hashes: Uint8Array[]): string[] => hashes.map((hash) => Buffer.from(hash).toString('base64'))

const go = await findGo('SKIP_INTEROP').catch((reason: unknown) => {
  if (!mayLeaveOut('SKIP_INTEROP')) throw reason
  return undefined
})
if (go === undefined) console.warn('No Go: its checksum database code is left out, as SKIP_INTEROP=1 says.')

let folder: string
const program = () => path.join(folder, 'sumdbcheck')
const verify = () => run(program(), ['verify', folder])

describe.skipIf(go === undefined)('our log', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'quern-sumdb-'))
    await run(go as string, ['build', '-o', program(), '.'], { cwd: import.meta.dirname })
    const world = new World({ seed: 1 })
    const store = await openDiskLogStore(folder, { sync: false })
    const log = parseVkey(logVkey('quern/interop', 0, seed(1).publicKey))
    const witnesses = [2, 3, 4].map((n) => {
      const signer = noteSigner(`witness.example/${n}`, SIGNATURE_TYPES.cosignature, seed(n))
      const witness = openWitness({ signer, kv: new MemoryKv(), clock: world.clock, logs: () => [log] })
      return { name: `w${n}`, vkey: formatVkey(signer.key), addCheckpoint: (body: string) => witness.addCheckpoint(body) }
    })
    const sequencer = await openSequencer({
      ledgerId: 'quern/interop',
      term: 0,
      logKey: seed(1),
      store,
      kv: new MemoryKv(),
      clock: world.clock,
      logger: silent,
      admit: () => ({ ok: true }),
      publish: () => {},
      witnesses: () => witnesses,
      quorum: () => 3,
    })
    for (let from = 0; from < SIZE; from += 8192)
      await Promise.all(Array.from({ length: Math.min(8192, SIZE - from) }, (_, i) => sequencer.submit(utf8(`entry ${from + i}`))))
    await sequencer.published(SIZE)
    const { reader } = sequencer
    const inclusion = []
    for (const [index, size] of [
      [0, 1],
      [255, 256],
      [256, 257],
      [1000, 65_536],
      [65_535, 65_536],
      [65_536, SIZE],
      [3, SIZE],
      [SIZE - 1, SIZE],
    ] as const)
      inclusion.push({ index, size, proof: base64(await reader.inclusion(index, size)) })
    const consistency = []
    for (const [old, size] of [
      [1, 2],
      [255, 257],
      [256, 65_536],
      [65_535, SIZE],
      [65_536, SIZE],
      [40_000, 60_001],
      [SIZE, SIZE],
    ] as const)
      consistency.push({ old, size, proof: base64(await reader.consistency(old, size)) })
    await writeFile(path.join(folder, 'claims.json'), JSON.stringify({ inclusion, consistency }))
    await writeFile(path.join(folder, 'keys.json'), JSON.stringify({ log: formatVkey(log), witnesses: witnesses.map(({ vkey }) => vkey) }))
    await sequencer[Symbol.asyncDispose]()
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('Go verifies the checkpoint, its cosignatures, every tile and the proofs', async () => {
    const { stdout } = await verify()
    expect(JSON.parse(stdout)).toEqual({ signatures: 4, entries: SIZE, tiles: 256 + 3 + 1 + 1 + 1, inclusion: 8, consistency: 7 })
  })

  describe('Go refuses', () => {
    it.each(['checkpoint', 'tile/0/100', 'tile/0/258.p/188', 'tile/1/000', 'tile/2/000.p/1', 'tile/entries/007', 'tile/entries/258.p/188'])(
      'a flipped byte in %s',
      async (name) => {
        const file = path.join(folder, name)
        const kept = await readFile(file)
        const bent = Buffer.from(kept)
        bent[40 % bent.byteLength] = (bent[40 % bent.byteLength] as number) ^ 1
        await writeFile(file, bent)
        await expect(verify()).rejects.toMatchObject({ code: 1 })
        await writeFile(file, kept)
      },
    )

    it('a proof for another entry', async () => {
      const file = path.join(folder, 'claims.json')
      const kept = await readFile(file, 'utf8')
      await writeFile(file, kept.replace('"index":1000,', '"index":1001,'))
      await expect(verify()).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('inclusion of 1001') })
      await writeFile(file, kept)
    })
  })

  it('Go writes the notes and proofs that the vectors hold', async () => {
    await run(program(), ['write', folder])
    const vectors = await readFile(path.join(import.meta.dirname, '../../vectors/log-go-sumdb.json'), 'utf8')
    expect(JSON.parse(await readFile(path.join(folder, 'go.json'), 'utf8'))).toEqual(JSON.parse(vectors))
  })
})
