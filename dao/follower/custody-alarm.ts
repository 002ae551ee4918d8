/**
 * Says in a role's log when keyholders near the number that is needed, before what people brought is lost, and when shares have lain long enough to
 * be dealt anew: an operator reshares then. By the log alone: who keeps its seat and does not answer is not missed here.
 */
import type { Logger } from '../../core/effects/index.ts'
import { custodyOf, type LedgerState } from '../ledger/index.ts'

const DAY_SECONDS = 86_400
/** A share that is stolen is of use until the next dealing: once a month is what the operator is reminded of. */
const OLD_SECONDS = 31 * DAY_SECONDS

export class CustodyAlarm {
  readonly #logger: Logger
  #said = ''
  #remindedAt = -Infinity

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** `now` in Unix seconds. Alarms once for each change: contributions of which one more loss but one is the last, and those that nobody can open any more. */
  look(state: LedgerState, now: number): void {
    const facts = custodyOf(state)
    const lost = facts.filter(({ health }) => health === 'lost').length
    // a committee that never was larger does not grow by an alarm
    const alarm = facts.filter(({ health, one, live }) => health === 'alarm' && live.length < one.committee.members.length)
    this.#say({ contributions: facts.length, alarm: alarm.length, lost }, Math.min(...alarm.map(({ live }) => live.length)))
    const old = facts.filter(({ one: { dealtAt } }) => dealtAt > 0 && now - dealtAt > OLD_SECONDS).length
    if (old === 0 || now - this.#remindedAt < DAY_SECONDS) return
    this.#remindedAt = now
    this.#logger.warn('shares-are-old', { contributions: old, days: OLD_SECONDS / DAY_SECONDS })
  }

  #say(counts: { contributions: number; alarm: number; lost: number }, fewest: number): void {
    const said = `${counts.alarm}/${counts.lost}/${fewest}`
    if (said === this.#said) return
    const wasQuiet = this.#said === '' || this.#said.startsWith('0/0/')
    this.#said = said
    if (counts.alarm + counts.lost > 0) this.#logger.warn('custody-alarm', counts)
    else if (!wasQuiet) this.#logger.info('custody-sound', counts)
  }
}
