/** Keyholders are asked now and then: what is said of one that is silent, and of one that is back. */
import { expect, it } from 'vitest'
import { type Clock, type Logger, silent } from '../../core/effects/index.ts'
import { RetryableError } from '../../core/errors/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { peerFromDid } from '../../schemas/wire/index.ts'
import { PoolLedgerWorld } from '../../tests/unit/pool-ledger-world.ts'
import { ASK_SECONDS, SILENT_SECONDS } from '../pool-custody/index.ts'
import { KeyholderWatch } from './keyholder-watch.ts'

it('is told of once a day while it is silent, and when it is back, also by a service that was started anew', async () => {
  const world = new PoolLedgerWorld()
  world.gatherPool(() => [world.offer(world.person('ada'))])
  const quiet = world.validators[1]!.signer.did
  let [now, isAway] = [1_800_000_000, true]
  const said: [string, unknown][] = []
  const note: Logger['info'] = (event, fields) => void said.push([event, fields?.['account']])
  const logger: Logger = { ...silent, info: note, warn: note }
  const ask = (peer: string): Promise<unknown> =>
    isAway && peer === peerFromDid(quiet) ? Promise.reject(new RetryableError('NOT_CONNECTED', 'away')) : Promise.resolve({})
  const kv = new MemoryKv()
  let backs = 0
  const started = (): KeyholderWatch =>
    new KeyholderWatch({
      mesh: { ask: ask as Mesh['ask'], onPeer: () => ({ [Symbol.dispose]: () => undefined }), peers: () => [] },
      clock: { now: () => now * 1000 } as Clock,
      kv,
      logger,
      signal: new AbortController().signal,
      state: () => world.state,
      onBack: () => void backs++,
    })
  const asks = async (watch: KeyholderWatch, seconds = ASK_SECONDS): Promise<void> => {
    for (const until = now + seconds; now < until; now += ASK_SECONDS) {
      watch.tend()
      await watch[Symbol.asyncDispose]()
    }
  }
  const first = started()
  await asks(first, SILENT_SECONDS)
  expect([said, first.silent.size]).toEqual([[], 0])
  await asks(first, SILENT_SECONDS)
  expect([said.splice(0), [...first.silent], first.gone.size]).toEqual([[['keyholder-silent', quiet]], [quiet], 0])
  isAway = false
  const second = started()
  await asks(second)
  expect([said, second.silent.size, backs]).toEqual([[['keyholder-back', quiet]], 0, 1])
})
