/** Spellings of one key are asked for at every message; base58 costs a division of the whole number per digit. */
const MOST = 4096

/** `make` with a memory of its last results. For pure functions of short texts; what throws is not remembered. */
export function remember<T>(make: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const made = make(text)
    // all at once: a process that meets more keys than this gains little from remembering any
    if (known.size >= MOST) known.clear()
    known.set(text, made)
    return made
  }
}
