/** Many are asked at once, and the first few that agree are enough. */

/** Resolves when `done` holds after one of them, or when all have ended. */
export async function enough(work: readonly Promise<void>[], done: () => boolean): Promise<void> {
  const left = new Map(work.map((one, i) => [i, one.then(() => i)]))
  while (left.size > 0 && !done()) left.delete(await Promise.race(left.values()))
}
