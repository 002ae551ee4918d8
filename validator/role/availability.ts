/**
 * `contribution.available`: we serve a batch's manifest, index and sketches, they are sound, and a whole copy of the batch exists besides its
 * contributor's. That copy is the DAO's, by its word, or ours. So a batch that its contributor shows to nobody in full does not count, and no
 * release can come to depend on it; and a DAO that says it lacks what can be had keeps nobody's batch from counting.
 */
import { codeOf } from '../../core/errors/index.ts'
import { receiptProtocol } from '../../core/mesh/index.ts'
import { checkBatchStructure, loadBatch } from '../../dao/batches/index.ts'
import { type BatchState, seatedValidators } from '../../dao/ledger/index.ts'
import { chunkFile, type CID, peerFromDid, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import type { Desk } from './desk.ts'
import type { BatchHolder } from './hold-batch.ts'

const DAG_PB = 0x70
/** How long the files of several batches are waited for, so that one entry can name them all. */
const COMPANY_MS = 1000
/** A contributor that hears of its own reveal publishes the batch, and the DAO begins to pull it: asked before that, both would be asked twice. */
const HEAD_START_MS = 1000
/** How often the DAO is asked whether it holds a batch by now. */
const ASK_MS = [250, 500, 1000, 2000, 5000]
const MOST_IN_ONE_ENTRY = 512

export class Availability {
  readonly #desk: Desk
  readonly #holder: BatchHolder
  /** Batches that are looked at now, and what came of the others; those of the running epoch only. */
  readonly #looking = new Map<string, Promise<void>>()
  readonly #sound = new Map<string, boolean>()

  constructor(desk: Desk, holder: BatchHolder) {
    this.#desk = desk
    this.#holder = holder
  }

  /** Looks at what was revealed, then says in one entry which batches are available. */
  async confirm(epoch: number): Promise<void> {
    const { state, me, outbox, say } = this.#desk
    const wanted = [...state().batches.values()].filter((batch) => batch.epoch === epoch && !batch.available.has(me) && !batch.voided)
    this.#forgetOthers(wanted)
    for (const batch of wanted) this.#lookAt(batch)
    // batches that come quickly share one entry; a contributor that stalls delays nobody else's
    await this.#settled([...this.#looking.values()])
    const good = wanted
      .map(({ manifestCid }) => manifestCid)
      .filter((manifest) => this.#sound.get(manifest.toString()) === true)
      .toSorted((a, b) => (a.toString() < b.toString() ? -1 : 1))
      .slice(0, MOST_IN_ONE_ENTRY)
    const key = `available/${epoch}/${toHex(sha256(utf8(good.map(String).join('+'))))}`
    if (good.length === 0 || outbox.has(key)) return
    await outbox.write('contribution.available', { epoch, manifests: good }, { key })
    say('available', epoch, good.length)
  }

  #forgetOthers(wanted: readonly BatchState[]): void {
    const kept = new Set(wanted.map(({ manifestCid }) => manifestCid.toString()))
    for (const name of this.#sound.keys()) if (!kept.has(name)) this.#sound.delete(name)
  }

  #lookAt(batch: BatchState): void {
    const { signal, options, wake } = this.#desk
    const name = batch.manifestCid.toString()
    if (this.#sound.has(name) || this.#looking.has(name)) return
    const look = this.#look(batch)
      .catch((error: unknown) => {
        if (!signal.aborted) options.logger.warn('batch-not-held', { manifest: name, code: codeOf(error) })
      })
      .then(() => {
        this.#looking.delete(name)
        if (this.#sound.has(name)) wake()
      })
    this.#looking.set(name, look)
  }

  /** Resolves when all of them have, or after a short while. */
  async #settled(work: Promise<void>[]): Promise<void> {
    if (work.length === 0) return
    const { signal, options } = this.#desk
    const over = new AbortController()
    const patience = options.clock.sleep(HEAD_START_MS + COMPANY_MS, AbortSignal.any([over.signal, signal])).catch(() => undefined)
    await Promise.race([Promise.all(work), patience])
    over.abort()
  }

  /** Notes in `#sound` what it found; nothing while files or a whole copy are missing. */
  async #look(batch: BatchState): Promise<void> {
    const { options } = this.#desk
    const { files, logger, clock } = options
    const name = batch.manifestCid.toString()
    await clock.sleep(HEAD_START_MS, this.#desk.signal)
    if (!this.#stillMatters(batch)) return
    if (!(await this.#holdsFiles(batch))) return
    const parsed = loadBatch((cid) => files.read(cid), batch.manifestCid)
    if (parsed === undefined) return
    const verdict = checkBatchStructure(parsed, batch.salt, batch.contributor)
    if (!verdict.ok) {
      this.#sound.set(name, false)
      return logger.warn('batch-malformed', { manifest: name, check: verdict.check, code: verdict.code })
    }
    if (await this.#isHeldWhole(batch)) this.#sound.set(name, true)
  }

  async #holdsFiles(batch: BatchState): Promise<boolean> {
    const { options, link } = this.#desk
    const { files, storage } = options
    const lacking = (): CID[] =>
      [batch.manifestCid, batch.manifest.index, batch.manifest.sketches].filter((cid) => files.read(cid) === undefined)
    for (const peer of [peerFromDid(batch.contributor), link.peer]) {
      const small = lacking().filter(({ code }) => code !== DAG_PB)
      const found = small.length === 0 ? [] : await this.#asked(peer, () => link.filesFrom(peer, small))
      for (const [i, bytes] of (found ?? []).entries()) if (bytes !== undefined) await files.write(small[i] as CID, bytes)
      for (const cid of lacking().filter(({ code }) => code === DAG_PB)) {
        const bytes = await this.#asked(peer, () => link.fileFrom(peer, cid))
        if (bytes === undefined) continue
        // whoever asks us for a file of several leaves asks for the leaves
        const { root, blocks } = chunkFile(bytes)
        await storage.public.put(blocks)
        await storage.public.pin(root)
        await files.write(cid, bytes)
      }
      if (lacking().length === 0) return true
    }
    return false
  }

  async #asked<T>(peer: string, ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask()
    } catch (error) {
      this.#desk.options.logger.debug('file-unreachable', { peer, code: codeOf(error) })
      return undefined
    }
  }

  /** Asks the DAO until it has the whole batch, or until it is our turn to pull a copy of our own. */
  async #isHeldWhole(batch: BatchState): Promise<boolean> {
    const { clock } = this.#desk.options
    const pullAt = clock.now() + this.#patienceMs(batch)
    for (let asked = 0; clock.now() < pullAt; asked++) {
      if (!this.#stillMatters(batch)) return false
      if (await this.#daoHolds(batch.manifestCid)) return true
      await clock.sleep(
        Math.min(ASK_MS[Math.min(asked, ASK_MS.length - 1)] as number, Math.max(1, pullAt - clock.now())),
        this.#desk.signal,
      )
    }
    return this.#holder.hold(batch)
  }

  #stillMatters(batch: BatchState): boolean {
    const { epoch } = this.#desk.state()
    const mayCount = epoch?.number === batch.epoch && (epoch.phase === 'gather' || epoch.phase === 'reveal')
    return mayCount && batch.voided === null && !batch.dropped && batch.retracted === null
  }

  /** A pending receipt counts who holds and pins the batch, the DAO first. */
  async #daoHolds(manifest: CID): Promise<boolean> {
    const { options, link, signal } = this.#desk
    try {
      const reply = await options.mesh.ask(link.peer, receiptProtocol, { manifest }, { signal })
      return reply.status === 'receipt' || (reply.status === 'pending' && reply.held > 0)
    } catch (error) {
      signal.throwIfAborted()
      options.logger.debug('receipt-not-asked', { manifest: manifest.toString(), code: codeOf(error) })
      return false
    }
  }

  /** A quarter of the reveals' time for the DAO, then the seats one after the other over another quarter: one copy more is enough for the DAO to pull it. */
  #patienceMs({ manifestCid }: BatchState): number {
    const { state, me } = this.#desk
    const seats = seatedValidators(state()).map((seat) => seat.statement.validator)
    const quarterMs = (state().charter.epoch.reveal.maxSeconds * 1000) / 4
    // another seat begins for every batch
    const first = (manifestCid.multihash.digest[0] ?? 0) % Math.max(1, seats.length)
    const rank = (seats.indexOf(me) - first + seats.length) % Math.max(1, seats.length)
    return Math.floor(quarterMs + (quarterMs * rank) / Math.max(1, seats.length))
  }
}
