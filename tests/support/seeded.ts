/** Chance for tests: the same seed gives the same world. */
export interface SeededWorld {
  /** A uniform integer in [0, bound). */
  int(bound: number): number
  shuffled<T>(list: readonly T[]): T[]
}

/** mulberry32 */
export function seededWorld(seed: number): SeededWorld {
  let s = Math.imul(seed + 1, 0x9e3779b1)
  const int = (bound: number): number => {
    s = (s + 0x6d2b79f5) | 0
    let t = Math.imul(s ^ (s >>> 15), 1 | s)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) * bound) / 4_294_967_296)
  }
  const shuffled = <T>(list: readonly T[]): T[] => {
    const out = [...list]
    for (let i = out.length - 1; i > 0; i--) {
      const j = int(i + 1)
      ;[out[i], out[j]] = [out[j] as T, out[i] as T]
    }
    return out
  }
  return { int, shuffled }
}
