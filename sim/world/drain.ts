/** The one place below `cli/` that touches the platform's event loop: it lets promises settle and never decides when anything happens. */

/** Resolves when every promise reaction that can run has run. */
export function drain(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
