/**
 * Says in a role's log when keyholders near the number that is needed, before what people brought is lost, and when shares have lain for longer than
 * the DAO's service, which deals them anew, should have left them. By the log, and by who is silent as far as the role knows.
 */
import type { Logger } from '../../core/effects/index.ts'
import { custodyOf, isOld, type LedgerState, SHARE_DAYS } from '../ledger/index.ts'

const DAY_SECONDS = 86_400
/** A week after they were due: nobody deals them anew, or a keyholder is missing for it. */
const OLD_DAYS = SHARE_DAYS + 7

export class CustodyAlarm {
  readonly #logger: Logger
  #said = ''
  #remindedAt = -Infinity

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /**
   * `now` in Unix seconds; `silent`: who keeps its seat and is not there. Alarms once for each change: contributions of which one more loss but one is
   * the last, and those that nobody can open as it is.
   */
  look(state: LedgerState, now: number, silent?: ReadonlySet<string>): void {
    const facts = custodyOf(state, silent)
    const lost = facts.filter(({ health }) => health === 'lost').length
    // a committee that never was larger does not grow by an alarm
    const alarm = facts.filter(({ health, one, live }) => health === 'alarm' && live.length < one.committee.members.length)
    this.#say({ contributions: facts.length, alarm: alarm.length, lost }, Math.min(...alarm.map(({ live }) => live.length)))
    const old = facts.filter((fact) => isOld(fact, now, OLD_DAYS)).length
    if (old === 0 || now - this.#remindedAt < DAY_SECONDS) return
    this.#remindedAt = now
    this.#logger.warn('shares-are-old', { contributions: old, days: OLD_DAYS })
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
