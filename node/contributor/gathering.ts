/** An epoch's gathering: once per epoch, beside the steps, sealed as it comes and kept before anything of it leaves this machine. */
import { codeOf } from '../../core/errors/index.ts'
import { askAgain, readyProtocol } from '../../core/mesh/index.ts'
import { batchRoots } from '../../dao/batches/index.ts'
import { type EpochState, holdsLease, isAssigned, paceShare } from '../../dao/ledger/index.ts'
import { OptOutIndex } from '../../dao/optouts/index.ts'
import { warcinfoMember } from '../../schemas/evidence/index.ts'
import { type BatchManifest, type Charter, MAX_BATCH_RECORDS } from '../../schemas/wire/index.ts'
import { BatchWriter, type SealHeader } from '../seal/index.ts'
import { isCommitted } from './advance-batch.ts'
import { warcinfo } from './gather.ts'
import type { Bench } from './options.ts'

/** Gathering stops this long before the phase's limit, to leave time to close the batch and commit. */
const SEAL_SHARE = 0.8

export class Gathering implements AsyncDisposable {
  readonly #bench: Bench
  #now: { epoch: number; isDone: boolean } | undefined
  /** The gathering under way; never rejects. */
  #work: Promise<void> = Promise.resolve()
  #isSayingReady = false
  readonly #optOuts = new OptOutIndex()

  constructor(bench: Bench) {
    this.#bench = bench
  }

  /** Begins the epoch's gathering when it is time, and says when there is nothing more to do. Call it after every advance. */
  tend(): void {
    const { state, me, book } = this.#bench
    const { epoch, contributors } = state()
    const mine = contributors.get(me)
    if (epoch?.phase !== 'gather' || mine === undefined || mine.revoked) return
    if (this.#now?.epoch !== epoch.number) {
      const isDone = (book.last !== undefined && book.last.epoch >= epoch.number) || mine.joinedEpoch >= epoch.number
      this.#now = { epoch: epoch.number, isDone }
      if (!isDone) this.#begin(epoch, this.#now)
    }
    if (this.#now.isDone) this.#sayReady(epoch.number)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work
  }

  #begin(epoch: EpochState, now: { isDone: boolean }): void {
    const { state, options, signal, wake, say } = this.#bench
    const withinMs = Math.max(1000, state().charter.epoch.gather.maxSeconds * 1000 * SEAL_SHARE)
    // one after the other: an earlier one may not have closed its batch yet
    this.#work = this.#work
      .then(() => this.#gather(epoch.number, withinMs))
      .catch((error: unknown) => {
        if (signal.aborted) return
        options.logger.error('gather-failed', { code: codeOf(error), message: String(error) })
        say('nothing-gathered', epoch.number, 0)
      })
      .finally(() => {
        now.isDone = true
        wake()
      })
  }

  async #gather(epoch: number, withinMs: number): Promise<void> {
    const { options, signal, state, me, book, say } = this.#bench
    const { charter } = state()
    say('gathering', epoch, 0)
    const salt = options.random.bytes(32)
    // blocks come for as long as the crawl goes on, and are pinned when the manifest is there
    using hold = options.storage.private.hold()
    const members = [warcinfoMember({ at: options.clock.now(), fields: warcinfo(charter.contact) })]
    const batch = new BatchWriter(hold, { ...this.#header(charter, salt), warcinfo: members })
    const { urls, frontier, widenings, ...span } = await options.gather({
      epoch,
      charter,
      mine: (url) => isAssigned(state(), me, url),
      leased: (url) => holdsLease(state(), me, url),
      share: (host) => paceShare(state(), host, me),
      known: (url) => book.knows(url),
      optedOut: (url, what) => this.#optOutOf(url, what),
      frontier: await book.frontier(),
      widenings: await book.widenings(),
      seal: (page) => batch.add(page),
      limit: Math.min(charter.sources.maxPagesPerContributor, MAX_BATCH_RECORDS),
      until: AbortSignal.any([options.clock.deadline(withinMs), signal]),
      signal,
    })
    signal.throwIfAborted()
    if (urls.length === 0) return say('nothing-gathered', epoch, 0)
    const { manifest } = await batch.finish(span)
    if (widenings !== undefined) await book.keepWidenings(widenings)
    await this.#keep(epoch, manifest, salt, urls, frontier)
    say('sealed', epoch, manifest.count)
  }

  #header(charter: Charter, salt: Uint8Array): SealHeader {
    const { state, me, book } = this.#bench
    const prev = book.last
    return {
      ledger: state().id,
      contributor: me,
      schema: charter.schemas[0] as string,
      pipeline: charter.pipelines[0] as string,
      sequence: prev === undefined ? 0 : prev.manifest.sequence + 1,
      prev: prev?.manifestCid ?? null,
      salt,
    }
  }

  /** Durable when it resolves. When it fails, on a full disk say, nothing stays pinned that no note leads to. */
  async #keep(epoch: number, manifest: BatchManifest, salt: Uint8Array, urls: string[], frontier: string[]): Promise<void> {
    const { options, book } = this.#bench
    const space = options.storage.private
    const roots = batchRoots(manifest)
    try {
      for (const root of roots) await space.pin(root)
      await book.keepFrontier(frontier)
      await book.add({ epoch, manifest, salt }, urls)
    } catch (error) {
      for (const root of roots) await space.unpin(root).catch(() => undefined)
      throw error
    }
  }

  /** The log may say more by now than when the gathering began. */
  #optOutOf(url: string, what: 'page' | 'rules'): string | undefined {
    const host = URL.parse(url)?.host
    if (host === undefined) return undefined
    const known = this.#optOuts.take(this.#bench.state().optouts)
    const found = what === 'rules' ? known.findWhole(host) : known.find(host, url)
    return found && `entry ${found.index}: ${found.domain}${found.pattern === null ? '' : ` ${found.pattern}`}`
  }

  /** A politeness, and repeated: a DAO that was started again has forgotten it. */
  #sayReady(epoch: number): void {
    const { options, link, book, signal } = this.#bench
    const isOwing = book.all.some((batch) => batch.epoch === epoch && !isCommitted(this.#bench, batch))
    if (isOwing || this.#isSayingReady) return
    this.#isSayingReady = true
    void askAgain(options.mesh, link.peer, readyProtocol, { epoch, phase: 'gather' }, { signal })
      .catch((error: unknown) => options.logger.debug('ready-not-said', { epoch, code: codeOf(error) }))
      .finally(() => {
        this.#isSayingReady = false
      })
  }
}
