/** Keeps the SQL index of a DAO's home with the fold. It is a cache: a fault in it is logged and stops nobody. */
import path from 'node:path'
import { codeOf, toError } from '../../core/errors/index.ts'
import type { Logger } from '../../core/effects/index.ts'
import { type LedgerIndex, openIndex } from '../../dao/stores/index.ts'
import type { RunningOperator } from './start-roles.ts'

export interface FollowingIndex extends AsyncDisposable {
  index: LedgerIndex
}

export async function followIndex({ home, operator }: RunningOperator, logger: Logger): Promise<FollowingIndex> {
  const index = await openIndex(path.join(home.folder, 'index.sqlite'))
  let running: Promise<void> | undefined
  const catchUp = async (): Promise<void> => {
    const { state } = operator
    // only what is durable: the fold may be an entry or two ahead of the reader
    if (index.size === state.size || operator.sequencer.size !== state.size) return
    const from = Math.min(index.size, state.size)
    const bytes = await operator.sequencer.reader.entries(from, state.size)
    if (operator.state.size !== from + bytes.length || index.size !== from) return
    index.catchUp(operator.state, (first, to) => bytes.slice(first - from, to - from), operator.files)
  }
  const wake = (): void => {
    running ??= catchUp()
      .catch((error: unknown) => logger.warn('index-behind', { code: codeOf(error), message: toError(error).message }))
      .finally(() => {
        running = undefined
      })
  }
  const watching = operator.watch(wake)
  wake()
  return {
    index,
    async [Symbol.asyncDispose]() {
      watching[Symbol.dispose]()
      await running
      index[Symbol.dispose]()
    },
  }
}
