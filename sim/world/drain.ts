/** The one place below `cli/` that touches the platform's event loop: it lets promises settle and never decides when anything happens. */

/** A turn of the event loop costs more than most events do, so it brings this many. */
const STEPS_PER_TURN = 32

/** Resolves when every promise reaction that can run has run. */
export function drain(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/**
 * Calls `step` until it answers false; between two calls every promise reaction that can run has run: the platform sees to that between two
 * immediates of one turn, as it does between turns. Rejects with what `step` throws.
 */
export function drained(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false
    const once = (): void => {
      if (isOver) return
      try {
        if (step()) return
        resolve()
      } catch (error) {
        reject(error)
      }
      isOver = true
    }
    const turn = (): void => {
      if (isOver) return
      for (let i = 0; i < STEPS_PER_TURN; i++) setImmediate(once)
      setImmediate(turn)
    }
    turn()
  })
}
