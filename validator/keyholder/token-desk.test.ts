/** How many tokens one account has in a day, and who has any. */
import { expect, it } from 'vitest'
import { signObject } from '../../core/envelope/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import { blindBands, dealPoolKey } from '../../dao/custody/index.ts'
import { cborCid, encode, peerFromDid, sha256, utf8 } from '../../schemas/wire/index.ts'
import { fill, keyholders, LEDGER, NOW, operator } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { BANDS_A_DAY, TESTS_A_DAY, TokenDesk } from './token-desk.ts'

const { key, shares } = dealPoolKey({ dao: LEDGER, k: 2, members: keyholders(3).map(({ did }) => did), at: 1 }, operator)
const [member, tester, both, stranger] = [1, 2, 3, 4].map((n) => keyFromSeed(fill(50 + n))) as [Signer, Signer, Signer, Signer]

it('answers who joined for a few contributions a day, who tests for many, and nobody else', () => {
  const desk = new TokenDesk({
    clock: { ...realClock, now: () => NOW * 1000 },
    ledger: LEDGER,
    held: () => shares[0],
    hasJoined: (account) => account === member.did || account === both.did,
    isSeated: (account) => account === tester.did || account === both.did,
  })
  const ask = (signer: Signer, count: number): string => {
    const { blinded } = blindBands(Array.from({ length: count }, (_, i) => sha256(utf8(`${i}`))))
    const request = { v: 1 as const, dao: LEDGER, key: cborCid(encode(key)), blinded, by: signer.did, at: NOW }
    const answer = desk.answer(encode(signObject('token-request', request, signer)), peerFromDid(signer.did))
    return answer.ok ? 'ok' : answer.code
  }
  expect(ask(stranger, 1)).toBe('NOT_JOINED')
  // four times the bands of a contribution, and its account
  expect(BANDS_A_DAY).toBe(68)
  for (let n = 0; n < 4; n++) expect([ask(member, 16), ask(member, 1)]).toEqual(['ok', 'ok'])
  expect(ask(member, 1)).toBe('TOO_MANY')
  for (const signer of [tester, both]) for (let n = 0; n < 5; n++) expect(ask(signer, 16)).toBe('ok')
  expect(TESTS_A_DAY).toBe(1024)
})
