/** How many tokens one account has in a day, and who has any. */
import { expect, it } from 'vitest'
import { signObject } from '../../core/envelope/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { blindBands, dealPoolKey } from '../../dao/custody/index.ts'
import { BANDS_A_DAY, cborCid, encode, peerFromDid, sha256, TESTS_A_DAY, utf8 } from '../../schemas/wire/index.ts'
import { fill, keyholders, LEDGER, NOW, operator } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { TokenDesk } from './token-desk.ts'

const { key, shares } = dealPoolKey({ dao: LEDGER, k: 2, members: keyholders(3).map(({ did }) => did), at: 1 }, operator)
const [member, tester, both, stranger] = [1, 2, 3, 4].map((n) => keyFromSeed(fill(50 + n))) as [Signer, Signer, Signer, Signer]

function deskOf(joined: Signer[], seated: Signer[], mostAccounts?: number) {
  const has = (signers: Signer[], account: string): boolean => signers.some(({ did }) => did === account)
  const desk = new TokenDesk({
    clock: { ...realClock, now: () => NOW * 1000 },
    ledger: LEDGER,
    held: () => shares[0],
    hasJoined: (account) => has(joined, account),
    isSeated: (account) => has(seated, account),
    ...(mostAccounts !== undefined && { mostAccounts }),
  })
  return (signer: Signer, count: number): string => {
    const { blinded } = blindBands(Array.from({ length: count }, (_, i) => sha256(utf8(`${i}`))))
    const request = { v: 1 as const, dao: LEDGER, key: cborCid(encode(key)), blinded, by: signer.did, at: NOW }
    const answer = desk.answer(encode(signObject('token-request', request, signer)), peerFromDid(signer.did))
    return answer.ok ? 'ok' : answer.code
  }
}

it('answers who joined for a few contributions a day, who tests for many, and nobody else', () => {
  const ask = deskOf([member, both], [tester, both])
  expect(ask(stranger, 1)).toBe('NOT_JOINED')
  // four times the bands of a contribution, and its account
  expect(BANDS_A_DAY).toBe(68)
  for (let n = 0; n < 4; n++) expect([ask(member, 16), ask(member, 1)]).toEqual(['ok', 'ok'])
  expect(ask(member, 1)).toBe('TOO_MANY')
  for (const signer of [tester, both]) for (let n = 0; n < 5; n++) expect(ask(signer, 16)).toBe('ok')
  expect(TESTS_A_DAY).toBe(1024)
})

it('sends nobody away who tests, however many others asked before', () => {
  const ask = deskOf([member, both], [tester, both], 1)
  expect([ask(member, 1), ask(tester, 1), ask(both, 1)]).toEqual(['ok', 'ok', 'ok'])
  expect(deskOf([member, stranger], [], 1)(stranger, 1)).toBe('ok')
  const full = deskOf([member, stranger], [tester], 1)
  expect([full(member, 1), full(stranger, 1), full(tester, 1)]).toEqual(['ok', 'TOO_MANY', 'ok'])
})
