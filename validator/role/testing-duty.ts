/** Testing what was drawn in an epoch, in the time the phase leaves for it, and the commitment to the report. Runs beside the role's steps, one epoch at a time. */
import { codeOf } from '../../core/errors/index.ts'
import { deadlineOf, untilAborted } from '../../core/mesh/index.ts'
import type { Web } from '../../core/web/index.ts'
import { drawsFor } from '../../dao/ledger/index.ts'
import { cborCid, encode, MOST_ATTESTED, reportHash, type Report } from '../../schemas/wire/index.ts'
import type { HashChain } from '../chains/index.ts'
import { ownWords, pageReservation, siteReservations } from '../optouts/index.ts'
import { type Fraud, Refetcher, type ReservedPage, testDraws, testingTime } from '../testing/index.ts'
import type { Desk } from './desk.ts'
import { partsOf, type Picked, testPool } from './pool-testing.ts'
import type { RecheckDuty } from './recheck-duty.ts'
import { beganTesting, readReportNote, type ReportNote, writeReportNote } from './report-note.ts'

const nameOf = ({ manifest, row }: Picked): string => `${manifest.toString()} ${row}`

export class TestingDuty implements AsyncDisposable {
  readonly #desk: Desk
  readonly #sampling: HashChain
  readonly #recheck: RecheckDuty
  #web: Web | undefined
  #running: { epoch: number; stop: AbortController } | undefined
  /** The testing under way; never rejects. */
  #work: Promise<void> = Promise.resolve()
  /** Reserved pages on their way into the log; none rejects. */
  readonly #logging = new Set<Promise<void>>()

  constructor(desk: Desk, sampling: HashChain, recheck: RecheckDuty) {
    this.#desk = desk
    this.#sampling = sampling
    this.#recheck = recheck
  }

  /** Begins the epoch's test unless it is under way or done. */
  begin(epoch: number): void {
    const { signal, outbox, wake, options } = this.#desk
    if (this.#running?.epoch === epoch || outbox.has(`report-commit/${epoch}`)) return
    this.end()
    const running = { epoch, stop: new AbortController() }
    this.#running = running
    // one after the other: a test that was cut off may still be putting things away
    this.#work = this.#work
      .then(() => this.#test(epoch, AbortSignal.any([signal, running.stop.signal])))
      .then(wake)
      .catch((error: unknown) => {
        // the next beat tries again; waking at once would spin. A late failure must not begin the next epoch's test a second time
        if (this.#running === running) this.#running = undefined
        if (!signal.aborted && !running.stop.signal.aborted)
          options.logger.error('test-failed', { epoch, code: codeOf(error), message: String(error) })
      })
  }

  /** The phase is over: what is not reported by now cannot be any more. */
  end(): void {
    this.#running?.stop.abort(new Error('the test phase is over'))
    this.#running = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end()
    await this.#work
    await Promise.all(this.#logging)
    await this.#web?.[Symbol.asyncDispose]()
  }

  async #test(epoch: number, signal: AbortSignal): Promise<void> {
    const { options, me, outbox, state } = this.#desk
    const { kv, clock } = options
    const now = clock.now()
    const until = now + testingTime(state().charter.epoch.test.maxSeconds * 1000, now - (await beganTesting(kv, epoch, now)))
    const note = (await readReportNote(kv, epoch)) ?? (await this.#makeReport(epoch, until, signal))
    if (note === undefined) return
    await this.#recheckUntil(until, signal)
    await outbox.write('report.commit', { epoch, hash: reportHash(cborCid(note.report), note.salt, me) }, { key: `report-commit/${epoch}` })
  }

  /** Waits for hosts that are being asked again, as long as testing may take: what they and tested pages reserve shall be in the log before our report is. */
  async #recheckUntil(until: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#desk.options
    using time = deadlineOf(
      clock,
      Math.max(0, until - clock.now()),
      { code: 'RECHECK_GOES_ON', message: 'hosts are asked on beside the report' },
      [signal],
    )
    await untilAborted(time.signal, () => Promise.all([this.#recheck.done, ...this.#logging])).catch(() => signal.throwIfAborted())
  }

  async #makeReport(epoch: number, until: number, signal: AbortSignal): Promise<ReportNote | undefined> {
    const { options, me, state, say, link } = this.#desk
    const { kv, files, mesh, clock, logger, random, tamper } = options
    const seat = state().validators.get(me)
    if (seat === undefined) return undefined
    const draws = drawsFor(state(), me, this.#sampling.after(seat.sampleTip))
    this.#web ??= await options.openWeb(state().charter)
    const { web, pool } = partsOf(this.#desk, draws)
    const polite = this.#desk.politely(this.#web)
    const own = { web: polite, resolveTxt: options.resolveTxt, clock }
    const scoring = testPool(this.#desk, pool, { epoch, until, signal })
    const testing = testDraws(web, {
      state: state(),
      files,
      mesh,
      fallback: link.peer,
      refetcher: new Refetcher({
        web: polite,
        askOwn: (origin, site, visit) => ownWords(origin, site, visit, own),
        clock,
        logger,
        onReserved: (found) => this.#reserved(found),
      }),
      clock,
      logger,
      until,
      signal,
    })
    const [tested, scored] = await Promise.all([testing, scoring])
    const attested = new Map(scored.attested.map((manifest) => [manifest.toString(), manifest]))
    const found = new Map([...tested.flatMap(({ results }) => results), ...scored.results].map((result) => [nameOf(result), result]))
    for (const fraud of tested.flatMap((one) => one.frauds)) await this.#prove(fraud)
    const honest: Report = {
      v: 1,
      epoch,
      validator: me,
      contributions: draws.map(({ contributor, picks }) => {
        const mails = [...new Set(picks.map(({ manifest }) => manifest.toString()))].flatMap((key) => attested.get(key) ?? [])
        return {
          contributor,
          results: picks.flatMap((pick) => found.get(nameOf(pick)) ?? []),
          ...(mails.length > 0 && { attested: mails.slice(0, MOST_ATTESTED) }),
        }
      }),
    }
    const note = { report: encode(tamper?.(honest) ?? honest), salt: random.bytes(32) }
    await writeReportNote(kv, epoch, note)
    say(
      'tested',
      epoch,
      draws.reduce((sum, draw) => sum + draw.picks.length, 0),
    )
    return note
  }

  /** Begins to log it: no page is kept waiting for the DAO. */
  #reserved(page: ReservedPage): void {
    const { signal, options } = this.#desk
    const logging = this.#log(page)
      .catch((error: unknown) => {
        if (!signal.aborted) options.logger.error('optout-failed', { url: page.url, code: codeOf(error), message: String(error) })
      })
      .finally(() => this.#logging.delete(logging))
    this.#logging.add(logging)
  }

  async #log({ exchange, ...page }: ReservedPage): Promise<void> {
    const { url, site, agent } = page
    const { profile } = this.#desk.state().charter.sources
    const reservations =
      exchange === null
        ? siteReservations({ origin: new URL(url).origin, site, own: site.own, agent, profile, url })
        : [pageReservation({ ...page, exchange }) ?? []].flat()
    for (const reservation of reservations) await this.#recheck.log(reservation)
  }

  async #prove({ check, manifest, row, proof }: Fraud): Promise<void> {
    const { options, outbox } = this.#desk
    const cid = cborCid(proof)
    await options.files.write(cid, proof)
    await outbox
      .write('fraud.proof', { check, manifest, row, proof: cid }, { key: `fraud/${manifest.toString()}/${row}/${check}`, files: [proof] })
      // somebody else may have proven it before
      .catch((error: unknown) => options.logger.debug('fraud-proof-refused', { code: codeOf(error) }))
  }
}
