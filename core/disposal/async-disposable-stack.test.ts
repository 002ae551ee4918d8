import { expect, it } from 'vitest'
import { provideAsyncDisposableStack } from './async-disposable-stack.ts'

const scope: { AsyncDisposableStack?: typeof AsyncDisposableStack } = {}
provideAsyncDisposableStack(scope)
const Stack = scope.AsyncDisposableStack as typeof AsyncDisposableStack

it('lets resources go in reverse order, once, and hands them over whole', async () => {
  const left: string[] = []
  const stack = new Stack()
  stack.use({ [Symbol.asyncDispose]: async () => void left.push('async') })
  stack.use({ [Symbol.dispose]: () => void left.push('sync') })
  stack.defer(() => void left.push('deferred'))
  const moved = stack.move()
  await stack.disposeAsync()
  expect(left).toEqual([])
  await moved[Symbol.asyncDispose]()
  await moved.disposeAsync()
  expect(left).toEqual(['deferred', 'sync', 'async'])
  expect(() => stack.defer(() => undefined)).toThrow(ReferenceError)
})

it('lets everything go whatever one of them throws, and says what', async () => {
  const left: string[] = []
  const stack = new Stack()
  stack.defer(() => void left.push('first'))
  stack.defer(() => Promise.reject(new Error('stuck')))
  await expect(stack.disposeAsync()).rejects.toThrow('stuck')
  expect(left).toEqual(['first'])
})

it('leaves a platform that has its own alone', () => {
  const own = class {
    readonly isOwn = true
  }
  const there = { AsyncDisposableStack: own }
  provideAsyncDisposableStack(there)
  expect(there.AsyncDisposableStack).toBe(own)
})
