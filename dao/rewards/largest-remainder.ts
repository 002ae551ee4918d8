import { mulDivBig } from './integers.ts'
import { compareBytes, utf8 } from '../../schemas/wire/index.ts'

/**
 * Splits `pot` by weight to the last unit (largest remainder, incentives reference 4.3): floor(pot * weight / total) each, then one unit more by
 * remainder descending, id bytes ascending. With no weight at all everyone gets 0 and the pot stays whole with the caller.
 * Ids must be distinct; the map keeps the order of `items`.
 */
export function splitLargestRemainder(pot: bigint, items: readonly { id: string; weight: bigint }[]): Map<string, bigint> {
  if (pot < 0n) throw new RangeError('a pot is never negative')
  let total = 0n
  for (const { weight } of items) {
    if (weight < 0n) throw new RangeError('a weight is never negative')
    total += weight
  }
  const shares = new Map(items.map(({ id }) => [id, 0n]))
  if (shares.size !== items.length) throw new RangeError('ids of a split are distinct')
  if (total === 0n) return shares
  let left = pot
  const parts = items.map(({ id, weight }) => {
    const quota = mulDivBig(pot, weight, total)
    left -= quota
    shares.set(id, quota)
    return { id, remainder: (pot * weight) % total }
  })
  parts.sort((a, b) => (a.remainder === b.remainder ? compareBytes(utf8(a.id), utf8(b.id)) : a.remainder > b.remainder ? -1 : 1))
  // fewer units are left over than there are remainders above 0, so a weight of 0 never gets one
  for (const { id } of parts.slice(0, Number(left))) shares.set(id, (shares.get(id) ?? 0n) + 1n)
  return shares
}
