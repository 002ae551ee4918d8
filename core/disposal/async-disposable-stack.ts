/**
 * `AsyncDisposableStack` where the platform lacks it (Node 22); Node 24 has its own. https://tc39.es/proposal-explicit-resource-management/
 * Only what is used here: resources leave in the reverse of the order in which they came, and every one is let go whatever another throws.
 */
type Leave = () => unknown

class Stack {
  #leaving: Leave[] = []
  #isDisposed = false

  get disposed(): boolean {
    return this.#isDisposed
  }

  use<T extends AsyncDisposable | Disposable | null | undefined>(resource: T): T {
    if (resource === null || resource === undefined) return resource
    const dispose = Symbol.asyncDispose in resource ? resource[Symbol.asyncDispose] : resource[Symbol.dispose]
    if (typeof dispose !== 'function') throw new TypeError('not a disposable')
    this.defer(() => dispose.call(resource))
    return resource
  }

  defer(leave: Leave): void {
    if (this.#isDisposed) throw new ReferenceError('the stack is disposed')
    this.#leaving.push(leave)
  }

  move(): Stack {
    if (this.#isDisposed) throw new ReferenceError('the stack is disposed')
    const moved = new Stack()
    moved.#leaving = this.#leaving
    this.#leaving = []
    this.#isDisposed = true
    return moved
  }

  async disposeAsync(): Promise<void> {
    if (this.#isDisposed) return
    this.#isDisposed = true
    const errors: unknown[] = []
    for (const leave of this.#leaving.splice(0).toReversed()) {
      try {
        await leave()
      } catch (error) {
        errors.push(error)
      }
    }
    if (errors.length === 1) throw errors[0]
    if (errors.length > 1) throw new AggregateError(errors, 'several resources failed to leave')
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync()
  }
}

/** Makes the class global when there is none. */
export function provideAsyncDisposableStack(scope: { AsyncDisposableStack?: unknown } = globalThis): void {
  scope.AsyncDisposableStack ??= Stack
}
