import { expect, it } from 'vitest'
import { concatBytes } from '../../schemas/wire/index.ts'
import { tokensOf } from '../../tests/unit/pool-ledger-world.ts'
import { TokenBook } from './token-book.ts'
import type { PoolContribution } from './types.ts'

it('finds the nearest of very many that say the same', () => {
  const [token, ...rest] = tokensOf('x')
  const holder = (commitIndex: number, tokens = [token!]): PoolContribution =>
    ({ commitIndex, contributor: `did:${commitIndex}`, tokens: concatBytes(...tokens) }) as unknown as PoolContribution
  const all = Array.from({ length: 150_000 }, (_, i) => holder(i + 1))
  const near = holder(0, tokensOf('x').slice(0, 3))
  const book = new TokenBook({ contributions: new Map([near, ...all].map((one) => [one.contributor, one])), contributors: new Map() })
  expect(book.mostShared(holder(200_000, [token!, ...rest]))).toBe(3)
  expect(book.mostShared(near)).toBe(0)
})
