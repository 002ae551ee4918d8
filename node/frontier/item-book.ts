/** Where the frontier's items lie while they wait. The frontier itself holds a number for each, so that a book on disk keeps memory flat. */
import type { FrontierItem } from './frontier.ts'

export interface ItemBook {
  /** Takes an item in; gives the number under which it waits. */
  add(item: FrontierItem): number
  /** The item of a number that `add` gave; asked for once. */
  take(ref: number): FrontierItem
}

/** An item that a book remembers from before this process began. */
export interface RememberedItem {
  ref: number
  item: FrontierItem
  /** Still to be fetched. */
  isWaiting: boolean
  /** Counts against the page budgets. */
  isCounted: boolean
  /** Its host was given up. */
  isDropped: boolean
}

/** A book that ends with the process. */
export class MemoryItems implements ItemBook {
  readonly #items = new Map<number, FrontierItem>()
  #next = 0

  add(item: FrontierItem): number {
    this.#items.set(this.#next, item)
    return this.#next++
  }

  take(ref: number): FrontierItem {
    const item = this.#items.get(ref) as FrontierItem
    this.#items.delete(ref)
    return item
  }
}
