import { expect, it } from 'vitest'
import type { BatchState, LedgerState } from '../../dao/ledger/index.ts'
import { MAX_HOSTS_PER_ROUND, recheckedHosts } from './rechecked-hosts.ts'

const roster = ['v1', 'v2', 'v3', 'v4', 'v5']
const batch = (hosts: string[] | null, more: Partial<BatchState> = {}): BatchState =>
  ({ hosts, voided: null, retracted: null, ...more }) as BatchState

function stateOf(batches: BatchState[], optouts: { domain: string; pattern: string | null }[] = []): LedgerState {
  return { batches: new Map(batches.map((one, i) => [String(i), one])), optouts } as unknown as LedgerState
}
const epoch = (seed: number) => ({ roster, beacon: new Uint8Array(32).fill(seed) })

it('lets two validators ask each host, others in another epoch', () => {
  const hosts = Array.from({ length: 60 }, (_, i) => `h${i}.example`)
  const state = stateOf([batch(hosts), batch(hosts.slice(0, 5)), batch(null)])
  const askedIn = (seed: number): string[][] =>
    hosts.map((host) => roster.filter((me) => recheckedHosts(state, epoch(seed), me).includes(host)))
  for (const by of askedIn(1)) expect(by).toHaveLength(2)
  expect(askedIn(2)).not.toEqual(askedIn(1))
})

it('leaves out what no release takes any more, and bounds a round', () => {
  const gone = stateOf(
    [batch(['void.example'], { voided: { check: 'D3', index: 1, by: '', row: 0 } }), batch(['out.example', 'part.example'])],
    [
      { domain: 'out.example', pattern: null },
      { domain: 'part.example', pattern: '/x' },
    ],
  )
  expect([...new Set(roster.flatMap((me) => recheckedHosts(gone, epoch(1), me)))]).toEqual(['part.example'])
  const many = stateOf([batch(Array.from({ length: 4000 }, (_, i) => `h${i}.example`))])
  expect(recheckedHosts(many, { roster: ['v1'], beacon: null }, 'v1')).toHaveLength(MAX_HOSTS_PER_ROUND)
})
