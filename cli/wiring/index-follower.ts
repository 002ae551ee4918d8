/** Keeps the SQL index of a DAO's home with the fold. It is a cache: a fault in it is logged and stops nobody. */
import path from 'node:path'
import { codeOf, toError } from '../../core/errors/index.ts'
import type { Logger } from '../../core/effects/index.ts'
import { type LedgerIndex, openIndex } from '../../dao/stores/index.ts'
import type { RunningOperator } from './start-roles.ts'

export interface FollowingIndex extends Disposable {
  index: LedgerIndex
}

export async function followIndex({ home, operator }: RunningOperator, logger: Logger): Promise<FollowingIndex> {
  const index = await openIndex(path.join(home.folder, 'index.sqlite'))
  const catchUp = (): void => {
    // only what is durable: the fold may be an entry or two ahead of the log
    if (operator.sequencer.size !== operator.state.size) return
    try {
      index.catchUp(operator.state, operator.files)
    } catch (error) {
      logger.warn('index-behind', { code: codeOf(error), message: toError(error).message })
    }
  }
  const watching = operator.watch(catchUp)
  catchUp()
  return {
    index,
    [Symbol.dispose]() {
      watching[Symbol.dispose]()
      index[Symbol.dispose]()
    },
  }
}
