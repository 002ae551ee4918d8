import { expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import { draftPolicy, fill, operator } from '../../tests/support/pool-world.ts'
import { peerFromDid } from '../../schemas/wire/index.ts'
import { signPolicy } from '../consent/index.ts'
import type { LedgerState } from '../ledger/index.ts'
import { MemoryFiles, poolReaders } from './index.ts'

const [seat, assembler, other] = [2, 3, 4].map((byte) => keyFromSeed(fill(byte)).did) as [string, string, string]

it('lets the operator, seats and the assembler of a policy read sealed chunks, and nobody else', async () => {
  const draft = draftPolicy([seat, other], 2)
  const recipients = [...draft.recipients.filter(({ role }) => role !== 'assembler'), { role: 'assembler' as const, id: assembler }]
  const policy = signPolicy({ ...draft, recipients }, operator)
  const files = new MemoryFiles()
  const state = {
    id: 'quern/x',
    operator: operator.did,
    charter: { validators: {} },
    validators: new Map([[seat, { account: seat, active: true, statement: { validator: seat } }]]),
    charters: [{ charter: { consent: null } }],
  } as unknown as LedgerState & { charters: { charter: { consent: typeof policy.cid | null } }[] }
  const may = poolReaders({ state: () => state, files })
  const asked = () => [operator.did, seat, assembler, other].map((account) => may(peerFromDid(account)))
  expect(asked()).toEqual([true, true, false, false])
  state.charters.push({ charter: { consent: policy.cid } } as never)
  // named, and its file not here yet
  expect(asked()).toEqual([true, true, false, false])
  await files.write(policy.cid, policy.bytes)
  expect(asked()).toEqual([true, true, true, false])
  // a key of another kind is no account
  expect(may('QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N')).toBe(false)
  expect(poolReaders({ state: () => ({ ...state, id: '' }), files })(peerFromDid(operator.did))).toBe(false)
})
