/** The whole ledger replayed from its files: nobody is asked, nobody is trusted, and no network, database or native module is loaded. */
import { expect, it } from 'vitest'
import { audit, explain } from 'quern/dao/verify'
import { simulate, type SimNetwork } from 'quern/sim'

it('recomputes every number of an epoch, and names what was changed', async () => {
  let network: SimNetwork | undefined
  const result = await simulate({ seed: 3, nodes: 3, validators: 4, epochs: 2, onEpoch: (_, running) => (network = running) })
  // any copy of the log's folder will do: here the DAO's own, which this world still holds in memory
  const { logStore: log, files } = (network as unknown as SimNetwork).operator

  const report = await audit({ log, files })
  expect(report.problems).toEqual([])
  // the attestations of the second epoch are younger than the newest checkpoint
  expect(report.epochs[0]).toMatchObject({ epoch: 1, matches: true, final: true })
  expect(Buffer.from(report.epochs[0]?.root ?? []).toString('hex')).toBe(result.roots[0])
  const account = result.contributors[0]?.account ?? ''
  expect(explain(report.state, account)?.reasons.length).toBeGreaterThan(0)

  const spoilt = await audit({
    log,
    files: {
      read: (cid) => {
        const bytes = files.read(cid)
        return cid.equals(report.state.results[0]?.table ?? cid) ? bytes?.with(0, 0) : bytes
      },
    },
  })
  expect(spoilt.ok).toBe(false)
  expect(spoilt.problems[0]?.code).toBeTruthy()
})
