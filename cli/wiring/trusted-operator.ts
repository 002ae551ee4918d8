/** Whose signature under a release counts: the account that somebody names, that a copy of a log has as its operator, or that a DAO says is its own. */
import { RefusedError, UsageError } from '../../core/errors/index.ts'
import { did } from '../../schemas/wire/index.ts'
import { resolveDao } from './dao-address.ts'
import { daoInfo } from './http.ts'
import { logger } from './logging.ts'
import { learnDao } from './dao-facts.ts'
import { replayFolder } from './replay.ts'

export interface TrustedOperator {
  operator: string
  /** Null where only an account was named. */
  ledger: string | null
  /** Who said so. */
  by: 'operator' | 'log' | 'dao'
}

/**
 * By `--operator`, then `--log`, then `--dao`; undefined where none of them is given: a setting of the environment makes no check of a file ask the
 * network. Throws UsageError BAD_OPERATOR and what reading a log or asking a DAO throws.
 */
export async function trustedOperator(flags: Record<string, unknown>): Promise<TrustedOperator | undefined> {
  const [operator, log, dao] = [flags['operator'], flags['log'], flags['dao']]
  if (typeof operator === 'string') {
    if (!did.safeParse(operator).success) throw new UsageError('BAD_OPERATOR', '--operator takes an account, did:key:z6Mk…')
    return { operator, ledger: null, by: 'operator' }
  }
  if (typeof log === 'string') {
    const { state } = (await replayFolder(log)).ledger
    return { operator: state.operator, ledger: state.id, by: 'log' }
  }
  if (typeof dao !== 'string') return undefined
  if (dao.startsWith('/')) {
    const { state, ledger } = await learnDao(await resolveDao(dao), { logger: await logger('error'), signal: new AbortController().signal })
    return { operator: state.operator, ledger, by: 'dao' }
  }
  const { ledger, operator: account } = await daoInfo(dao.replace(/\/$/, ''))
  return { operator: account, ledger, by: 'dao' }
}

/** Throws RefusedError OTHER_LEDGER or OTHER_OPERATOR where what was signed is not of the operator that is trusted. */
export function holdAgainst(trusted: Omit<TrustedOperator, 'by'> | undefined, signed: { dao: string; by: string }, what: string): void {
  if (trusted === undefined) return
  if (trusted.ledger !== null && trusted.ledger !== signed.dao)
    throw new RefusedError('OTHER_LEDGER', `${what} is of ${signed.dao}, not of ${trusted.ledger}`)
  if (trusted.operator !== signed.by)
    throw new RefusedError('OTHER_OPERATOR', `${what} is signed by ${signed.by}, not by ${trusted.operator}; do not rely on it`, {
      detail: { by: signed.by, operator: trusted.operator },
    })
}

/** What a command says where nobody told it whom to trust. */
export const unvouched = (by: string): string =>
  `signed by ${by}; nothing says whose account that is: give --operator, a copy of the log with --log, or --dao`
