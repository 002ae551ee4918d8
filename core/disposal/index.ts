import { provideAsyncDisposableStack } from './async-disposable-stack.ts'

export { provideAsyncDisposableStack } from './async-disposable-stack.ts'

provideAsyncDisposableStack()
