import type { FrontierItem } from './frontier.ts'

/** One first-in-first-out line per rank. */
export class HostQueue {
  size = 0
  taken = 0
  readonly #lines = new Map<number, { items: FrontierItem[]; head: number }>()

  push(item: FrontierItem): void {
    const rank = item.redirects > 0 || item.attempts > 0 ? -1 : item.depth
    let line = this.#lines.get(rank)
    if (line === undefined) this.#lines.set(rank, (line = { items: [], head: 0 }))
    line.items.push(item)
    this.size++
  }

  shift(): FrontierItem | undefined {
    if (this.size === 0) return undefined
    const rank = Math.min(...this.#lines.keys())
    const line = this.#lines.get(rank) as { items: FrontierItem[]; head: number }
    const item = line.items[line.head++]
    if (line.head === line.items.length) this.#lines.delete(rank)
    else if (line.head > 1024) {
      line.items.splice(0, line.head)
      line.head = 0
    }
    this.size--
    return item
  }

  clear(): number {
    const dropped = this.size
    this.#lines.clear()
    this.size = 0
    return dropped
  }
}
