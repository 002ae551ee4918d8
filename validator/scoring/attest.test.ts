/** Keyholders count what a tester asks in a day: one account is asked about once, however many bring its mail. */
import { expect, it } from 'vitest'
import { askForTokens, dealPoolKey, evaluateBlinded, type HeldPoolShare } from '../../dao/custody/index.ts'
import { RefusedError } from '../../core/errors/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { cborCid, encode, parse, peerFromDid, sha256, tokenRequest, toHex, utf8 } from '../../schemas/wire/index.ts'
import { keyholders, LEDGER, operator, subject } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { accountTokens } from './attest.ts'

const members = keyholders(3).map(({ did }) => did)
const { key, shares } = dealPoolKey({ dao: LEDGER, k: 2, members, at: 1 }, operator)
const bands = ['jane', 'bob'].map((name) => sha256(utf8(name))) as [Uint8Array, Uint8Array]

/** Keyholders that answer, but for those that never do, and how many bands they were asked for. */
function meshOf(silent: readonly number[] = []) {
  const seen = { bands: 0 }
  const ask = ((peer: string, _protocol: unknown, { request }: { request: Uint8Array }) => {
    const seat = members.findIndex((did) => peerFromDid(did) === peer)
    const { blinded } = parse(tokenRequest, request, 4096)
    seen.bands += blinded.length
    if (silent.includes(seat)) return new Promise(() => undefined)
    const share = shares[seat] as HeldPoolShare
    const answer = encode({ v: 1, key: cborCid(encode(key)), x: share.x, ...evaluateBlinded(share, blinded) })
    return Promise.resolve({ status: 'ok', answer })
  }) as unknown as Mesh['ask']
  return { mesh: { ask }, seen }
}
const asking = { signer: subject, clock: realClock, signal: new AbortController().signal }

it('asks once for one account, also while the first question is on its way', async () => {
  const { mesh, seen } = meshOf()
  const tokenOf = accountTokens({ mesh, ...asking })
  const [jane, again] = await Promise.all([tokenOf(key, bands[0]), tokenOf(key, bands[0])])
  const later = await tokenOf(key, bands[0])
  expect(seen.bands).toBe(members.length)
  expect([again, later].map(toHex)).toEqual([toHex(jane), toHex(jane)])
  expect(toHex(await tokenOf(key, bands[1]))).not.toBe(toHex(jane))
  expect(seen.bands).toBe(2 * members.length)
})

it('asks once more where keyholders did not answer before', async () => {
  const { mesh, seen } = meshOf()
  let isDown = true
  const ask = ((...question: Parameters<Mesh['ask']>) =>
    isDown ? Promise.reject(new RefusedError('NOT_NOW', 'down')) : mesh.ask(...question)) as Mesh['ask']
  const tokenOf = accountTokens({ mesh: { ask }, ...asking })
  await expect(tokenOf(key, bands[0])).rejects.toMatchObject({ code: 'NOT_ENOUGH_KEYHOLDERS' })
  isDown = false
  expect(await tokenOf(key, bands[0])).toHaveLength(32)
  expect(seen.bands).toBe(members.length)
})

it('waits for no more keyholders than it takes', async () => {
  const { mesh } = meshOf([1])
  const { tokens } = await askForTokens({ mesh, ...asking, key, bands: [bands[0]] })
  expect(toHex(tokens[0] as Uint8Array)).toBe(toHex(await accountTokens({ mesh: meshOf().mesh, ...asking })(key, bands[0])))
})
