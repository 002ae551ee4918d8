/** What waits for one host: a first-in-first-out line per rank. Of each item only its number in the book is held: eight bytes. */
export class HostQueue {
  size = 0
  taken = 0
  /** Left alone for the rest of the crawl. */
  isGone = false
  readonly #lines = new Map<number, Line>()

  /** Lower ranks come out first. */
  push(rank: number, ref: number): void {
    let line = this.#lines.get(rank)
    if (line === undefined) this.#lines.set(rank, (line = new Line()))
    line.push(ref)
    this.size++
  }

  shift(): number | undefined {
    if (this.size === 0) return undefined
    let rank = Number.POSITIVE_INFINITY
    for (const one of this.#lines.keys()) if (one < rank) rank = one
    const line = this.#lines.get(rank) as Line
    const ref = line.shift()
    if (line.length === 0) this.#lines.delete(rank)
    this.size--
    return ref
  }

  /** Leaves the host alone from now on; gives how many items waited for it. */
  giveUp(): number {
    const dropped = this.size
    this.isGone = true
    this.#lines.clear()
    this.size = 0
    return dropped
  }
}

/** A queue of numbers in one growing array; what was taken is cut off once it is half of it. */
class Line {
  #refs = new Float64Array(4)
  #head = 0
  #end = 0

  get length(): number {
    return this.#end - this.#head
  }

  push(ref: number): void {
    if (this.#end === this.#refs.length) {
      const waiting = this.#refs.subarray(this.#head, this.#end)
      const room = this.#head * 2 >= this.#refs.length ? this.#refs : new Float64Array(this.#refs.length * 2)
      room.set(waiting)
      this.#end = waiting.length
      this.#head = 0
      this.#refs = room
    }
    this.#refs[this.#end++] = ref
  }

  shift(): number {
    return this.#refs[this.#head++] as number
  }
}
