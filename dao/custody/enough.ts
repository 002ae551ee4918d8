/** Many are asked at once, and the first few that agree are enough. */
import type { Clock } from '../../core/effects/index.ts'

/** Resolves when `done` holds after one of them, or when all have ended. */
export async function enough(work: readonly Promise<void>[], done: () => boolean): Promise<void> {
  const left = new Map(work.map((one, i) => [i, one.then(() => i)]))
  while (left.size > 0 && !done()) left.delete(await Promise.race(left.values()))
}

/**
 * The same with as few as are needed asked first, and one more for each that comes to nothing, where all that came was good and does not do together,
 * or whenever `slowMs` pass in which none ends. `ask` says whether what it got is good. Resolves when `done` holds, or all have been asked and ended;
 * `onSlow` hears of those that are waited for.
 */
export async function enoughInTurn<T>(
  items: readonly T[],
  ask: (item: T) => Promise<boolean>,
  {
    first,
    done,
    clock,
    slowMs,
    onSlow,
  }: { first: number; done: () => boolean; clock: Clock; slowMs: number; onSlow: (items: T[]) => void },
): Promise<void> {
  const left = new Map<T, Promise<{ item: T; good: boolean }>>()
  const waiting = [...items]
  const begin = (count: number): void => {
    for (const item of waiting.splice(0, count))
      left.set(
        item,
        ask(item).then((good) => ({ item, good })),
      )
  }
  begin(first)
  while (left.size > 0 && !done()) {
    const slow = Promise.withResolvers<undefined>()
    using _timer = clock.timer(slowMs, () => slow.resolve(undefined))
    const ended = await Promise.race([...left.values(), slow.promise])
    if (ended === undefined) onSlow([...left.keys()])
    else left.delete(ended.item)
    if (!done() && (ended?.good !== true || left.size === 0)) begin(1)
  }
}
