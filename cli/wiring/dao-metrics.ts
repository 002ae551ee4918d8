/** What a DAO's service counts for Prometheus: its process, and how the shares of its pool stand when it is asked. */
import { gauge, openPrometheus } from '../../core/events/index.ts'
import type { CustodyStanding } from '../../dao/pool-custody/index.ts'

const keyholders = gauge('quern_pool_keyholders', 'Keyholders of the personal pool: answering, silent, or without a seat.', ['standing'])
const contributions = gauge('quern_pool_contributions', 'Contributions in the personal pool, by how many of their keyholders are there.', [
  'health',
])
const old = gauge('quern_pool_old_shares', 'Contributions whose shares are due to be dealt anew.')

export async function daoMetrics(standing: () => CustodyStanding): Promise<{ contentType: string; render(): Promise<string> }> {
  const meter = await openPrometheus({ metrics: [keyholders, contributions, old] })
  return {
    contentType: meter.contentType,
    render() {
      const now = standing()
      const { length: silent } = now.keyholders.filter(({ seated, silentSince }) => seated && silentSince !== null)
      const { length: seatless } = now.keyholders.filter(({ seated }) => !seated)
      meter.set(keyholders, silent, { standing: 'silent' })
      meter.set(keyholders, seatless, { standing: 'seatless' })
      meter.set(keyholders, now.keyholders.length - silent - seatless, { standing: 'answering' })
      for (const [health, count] of Object.entries(now.contributions)) meter.set(contributions, count, { health })
      meter.set(old, now.old)
      return meter.render()
    },
  }
}
