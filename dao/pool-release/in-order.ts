/** Several at once, and what comes of them in the order they were asked for: what is made of it does not depend on who answered first. */

/**
 * Results of `work` in the order of `items`. No more than `width` are begun that nobody has taken yet, so that whoever takes them slowly holds
 * the others back. Where one fails, or nobody wants more, the signal of those that were begun is aborted, and what they say is not waited for.
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  width: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R, void> {
  const stop = new AbortController()
  const begun: Promise<R>[] = []
  try {
    for (const item of items) {
      const result = work(item, stop.signal)
      // it is awaited in its turn, which may never come
      result.catch(() => {})
      begun.push(result)
      if (begun.length === width) yield await (begun.shift() as Promise<R>)
    }
    for (const result of begun) yield await result
  } finally {
    stop.abort()
  }
}
