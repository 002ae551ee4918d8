/** What will happen, ordered by time and then by the order in which it was said: a binary heap. */
export interface WorldEvent {
  atMs: number
  sequence: number
  /** Enters the trace: what, from whom, to whom. */
  label: string
  bytes: Uint8Array | undefined
  deliver: () => void
  cancelled: boolean
}

const before = (a: WorldEvent, b: WorldEvent): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)

export class EventQueue {
  readonly #heap: WorldEvent[] = []

  push(event: WorldEvent): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(event)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(event, heap[parent] as WorldEvent)) break
      heap[at] = heap[parent] as WorldEvent
      at = parent
    }
    heap[at] = event
  }

  /** The next event that was not cancelled, left in place. */
  peek(): WorldEvent | undefined {
    while (this.#heap[0]?.cancelled) this.#take()
    return this.#heap[0]
  }

  pop(): WorldEvent | undefined {
    this.peek()
    return this.#take()
  }

  #take(): WorldEvent | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as WorldEvent, heap[child] as WorldEvent)) child++
      if (!before(heap[child] as WorldEvent, last)) break
      heap[at] = heap[child] as WorldEvent
      at = child
    }
    heap[at] = last
    return top
  }
}
