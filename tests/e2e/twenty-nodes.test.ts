/** Twenty peers over real TCP in one process: a DAO, twelve contributors, seven validators close an epoch together. */
import { expect, it } from 'vitest'
import { toHex } from '../../schemas/wire/index.ts'
import { startTestNetwork } from '../support/local-network.ts'
import { eventually, realClock } from '../support/real-clock.ts'

const PATIENCE_MS = 280_000

it('closes an epoch that all seven validators recompute, and pays whoever gathered', async () => {
  await using network = await startTestNetwork({ contributors: 12, validators: 7, maxPages: 4 })
  const { operator } = network.dao
  await operator.until((state) => (state.releases.length > 0 ? true : undefined), AbortSignal.timeout(PATIENCE_MS))
  const [result] = operator.state.results
  expect(result).toMatchObject({ epoch: 1, final: true })
  const root = toHex(result?.root as Uint8Array)
  const rootsOf = (): string[] => network.validators.map(({ validator }) => toHex(validator.state.results[0]?.root ?? new Uint8Array()))
  await eventually(() => rootsOf().every((one) => one === root), realClock, PATIENCE_MS)
  const rows = result?.rows ?? []
  const gathered = rows.filter(({ role, records }) => role === 'contributor' && records > 0)
  expect(operator.state.contributors.size).toBe(12)
  expect(gathered.length).toBeGreaterThanOrEqual(7)
  expect(gathered.every(({ points, credibility }) => BigInt(points) > 0n && credibility === 1_000_000)).toBe(true)
  expect(rows.filter(({ role }) => role === 'validator').length).toBe(7)
}, 300_000)
