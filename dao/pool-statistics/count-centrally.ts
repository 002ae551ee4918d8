/** Counts by one party that knows them all anyway, as the assembler of a release does: one noise, same form. */
import type { PoolStatistics } from '../../schemas/wire/index.ts'
import { binsOf, checkGroups } from './layout.ts'
import { addNoise, type Asked, describeCounts } from './publish.ts'
import { addInto, centred } from './shares.ts'
import type { ByteSource } from './uniform.ts'

/** Null: fewer than `minPeople`. */
export function countCentrally(vectors: readonly Uint32Array[], asked: Asked, source: ByteSource): PoolStatistics | null {
  checkGroups(asked.groups)
  if (vectors.length < asked.minPeople) return null
  const sum = new Uint32Array(binsOf(asked.groups))
  for (const vector of vectors) addInto(sum, vector)
  addNoise(sum, asked, source)
  return describeCounts(centred(sum), asked, 1)
}
