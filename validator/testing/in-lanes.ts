/** Works on all items, at most `lanes` of them at once, in their order. Rejects with the first fault; what is under way then is not waited for. */
export async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      await work(items[index] as T, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane))
}

/**
 * Works on queues of items, at most `lanes` of them at once and one item of each at a time. No queue's second item is begun before every other's
 * first, or a few long queues of slow items would keep all others waiting.
 */
export async function inRounds<T>(queues: readonly (readonly T[])[], lanes: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...queues]
  await inLanes(Array.from({ length: lanes }), lanes, async () => {
    for (let queue = waiting.shift(); queue !== undefined; queue = waiting.shift()) {
      const [item, ...rest] = queue
      if (item !== undefined) await work(item)
      if (rest.length > 0) waiting.push(rest)
    }
  })
}
