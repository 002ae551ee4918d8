/** What is written of who asks, and that nobody fills the log. */
import { expect, it } from 'vitest'
import { MemoryKv } from '../../core/kv/index.ts'
import { cborCid, encode } from '../../schemas/wire/index.ts'
import { keyholders, NOW } from '../../tests/support/pool-world.ts'
import { AccessLog } from './access-log.ts'

it('has 64 refusals of one asker and contribution in a day, and whatever was given', async () => {
  const log = new AccessLog(new MemoryKv())
  const [manifest, other] = [cborCid(encode(1)), cborCid(encode(2))]
  const [ada, bo] = keyholders().map(({ did }) => did) as [string, string]
  const ask = (outcome: string, { by = ada, at = NOW, of = manifest } = {}) =>
    log.append({
      manifest: of,
      at,
      by,
      role: 'scorer',
      purpose: 'dpv:DataQualityAssessment',
      epoch: 1,
      indices: [0],
      trainer: null,
      outcome,
    })
  for (let i = 0; i < 70; i++) await ask('NOT_DRAWN')
  expect((await log.state(manifest)).lines).toBe(64)
  await ask('ok')
  await ask('NOT_DRAWN', { by: bo })
  await ask('NOT_DRAWN', { of: other })
  await ask('NOT_DRAWN', { at: NOW + 86_400 })
  expect([(await log.state(manifest)).lines, (await log.state(other)).lines]).toEqual([67, 1])
})
