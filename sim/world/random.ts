/** Chance that repeats: sfc32 (Chris Doty-Humphrey, PractRand), seeded from SHA-256 so that neighbouring seeds share nothing. */
import type { Random } from '../../core/effects/index.ts'
import { sha256, utf8 } from '../../schemas/wire/index.ts'

/** A stream of its own per name: a draw more in one place changes nothing elsewhere. */
export function seededRandom(seed: number, name = ''): Random {
  const digest = sha256(utf8(`quern/sim/${seed}/${name}`))
  const state = new Uint32Array(new Uint8Array(digest.slice(0, 16)).buffer)
  const next = (): number => {
    const [a, b, c, counter] = state as unknown as [number, number, number, number]
    const result = (a + b + counter) | 0
    state[3] = counter + 1
    state[0] = b ^ (b >>> 9)
    state[1] = c + (c << 3)
    state[2] = ((c << 21) | (c >>> 11)) + result
    return result >>> 0
  }
  for (let i = 0; i < 12; i++) next()

  const int = (bound: number): number => {
    if (!Number.isSafeInteger(bound) || bound < 1) throw new RangeError(`a bound is a positive integer, not ${bound}`)
    const wide = bound > 2 ** 32
    const range = wide ? 2 ** 53 : 2 ** 32
    // reject the ragged end of the range, or low values would be drawn more often
    const fair = range - (range % bound)
    for (;;) {
      const value = wide ? (next() >>> 11) * 2 ** 32 + next() : next()
      if (value < fair) return value % bound
    }
  }
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => next() >>> 24)
  return { int, bytes }
}
