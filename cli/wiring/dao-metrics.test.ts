/** Each keyholder is counted once, whatever is true of it. */
import { expect, it } from 'vitest'
import { daoMetrics } from './dao-metrics.ts'

it('counts one that lost its seat after it fell silent as seatless only', async () => {
  const keyholder = { account: 'did:key:a', seated: true, contributions: 1, silentSince: null }
  const meter = await daoMetrics(() => ({
    keyholders: [keyholder, { ...keyholder, seated: false, silentSince: 1 }, { ...keyholder, silentSince: 1 }],
    contributions: { sound: 2, alarm: 0, lost: 1 },
    old: 3,
    reshares: 0,
  }))
  const text = await meter.render()
  for (const standing of ['answering', 'silent', 'seatless']) expect(text).toContain(`quern_pool_keyholders{standing="${standing}"} 1`)
  expect(text).toContain('quern_pool_contributions{health="lost"} 1')
  expect(text).toContain('quern_pool_old_shares 3')
})
