/** Says in the role's log when keyholders near the number that is needed, before what people brought is lost: an operator reshares then. */
import type { Logger } from '../../core/effects/index.ts'
import { custodyHealth } from '../../dao/custody/index.ts'
import { custodyOf, type LedgerState } from '../../dao/ledger/index.ts'

export class CustodyAlarm {
  readonly #logger: Logger
  #said = ''

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Once for each change: contributions of which one more loss but one is the last, and those that nobody can open any more. */
  look(state: LedgerState): void {
    const facts = custodyOf(state).map(({ one, live }) => ({ health: custodyHealth({ k: one.committee.k, live: live.length }), one, live }))
    const lost = facts.filter(({ health }) => health === 'lost').length
    // a committee that never was larger does not grow by an alarm
    const alarm = facts.filter(({ health, one, live }) => health === 'alarm' && live.length < one.committee.members.length)
    const said = `${alarm.length}/${lost}/${Math.min(...alarm.map(({ live }) => live.length))}`
    if (said === this.#said) return
    const wasQuiet = this.#said === '' || this.#said.startsWith('0/0/')
    this.#said = said
    const counts = { contributions: facts.length, alarm: alarm.length, lost }
    if (alarm.length + lost > 0) this.#logger.warn('custody-alarm', counts)
    else if (!wasQuiet) this.#logger.info('custody-sound', counts)
  }
}
