/** What is loose and old goes from the home of every role, by its own timer, when `--max-bytes` is near. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localCharter } from '../../cli/up/local-charter.ts'
import { RoleProcess } from '../../cli/up/index.ts'
import { operatorOf, storeCharter } from '../../cli/wiring/index.ts'
import { GC_GRACE_MS, openOfflineStorage } from '../../core/storage/index.ts'
import { chunkFile } from '../../schemas/wire/index.ts'
import { noise } from '../compliance/storage.ts'
import { eventually, realClock } from '../support/real-clock.ts'
import { runCli } from '../support/run-cli.ts'

const NOBODY = '/ip4/127.0.0.1/tcp/1/p2p/12D3KooWRVUGzGcotincTvU4bgpVfMcbYBXoRvjjYTcnnK2thgqY'
const NOWHERE = { seeds: [], allowPrivate: [], contact: 'http://127.0.0.1/' }
const long = { ...realClock, now: () => Date.now() - 2 * GC_GRACE_MS }
const loose = chunkFile(noise(60_000))
const young = chunkFile(noise(5000))
const pinned = chunkFile(noise(10_000))

let home: string
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'quern-quota-'))
})
afterEach(() => rm(home, { recursive: true, force: true }))

describe('a quota', () => {
  it.each([
    ['node', ['node', '--dao', NOBODY]],
    ['validator', ['validator', '--dao', NOBODY]],
    ['dao serve', ['dao', 'serve', '--http', '127.0.0.1:0']],
  ])('has %s collect in both spaces what is loose and old, and nothing else', async (name, words) => {
    await storeCharter(home, localCharter(await operatorOf(home), { ...NOWHERE, contributors: 1, validators: 1 }))
    {
      await using before = await openOfflineStorage({ home, clock: long })
      for (const space of [before.public, before.private]) {
        await space.put([...loose.blocks, ...pinned.blocks])
        await space.pin(pinned.root)
      }
    }
    {
      await using now = await openOfflineStorage({ home, clock: realClock })
      for (const space of [now.public, now.private]) await space.put(young.blocks)
    }
    const collected: string[] = []
    {
      await using role = new RoleProcess({
        name,
        argv: [...words, '--home', home, '--log-level', 'info', ...(name === 'node' ? ['--max-bytes', '80000'] : [])],
        env: name === 'node' ? {} : { QUERN_MAX_BYTES: '80000' },
        onWords: (line) => {
          if (line.includes('"gc"')) collected.push(line)
        },
      })
      await eventually(() => collected.length >= 2)
      expect(await role.stop()).toBe(0)
    }
    for (const line of collected.slice(0, 2)) expect(JSON.parse(line)).toMatchObject({ freed: 60_000, bytes: 75_000, maxBytes: 80_000 })
    await using after = await openOfflineStorage({ home, clock: realClock })
    for (const space of [after.public, after.private]) {
      expect(await space.has(loose.root)).toBe(false)
      expect(await space.has(young.root)).toBe(true)
      expect(await space.has(pinned.root)).toBe(true)
    }
  })

  it.each(['50GB', '0', '-1', '1e9'])('of %s is refused', async (value) => {
    const { code, err } = await runCli('node', '--dao', NOBODY, '--home', home, '--max-bytes', value)
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('BAD_MAX_BYTES') })
  })
})
