/** A trainer's age identity, as a file. */
import { InvalidInputError } from '../../core/errors/index.ts'
import { readTextAtMost } from '../program/index.ts'

const MAX_IDENTITY_BYTES = 8192

/** The first line that is an identity, as `age-keygen -pq` writes it. Throws InvalidInputError. */
export async function identityIn(file: string): Promise<string> {
  const text = await readTextAtMost(file, MAX_IDENTITY_BYTES)
  const line = text.split(/\r?\n/).find((one) => one.startsWith('AGE-SECRET-KEY-PQ-1'))
  if (line === undefined) throw new InvalidInputError('NO_IDENTITY', `${file} holds no hybrid age identity (AGE-SECRET-KEY-PQ-1…)`)
  return line.trim()
}
