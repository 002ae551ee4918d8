/** A role's line to its DAO: dials out, says hello, reads the log, submits entries, asks for files. Reconnects by itself. */
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { codeOf, RefusedError } from '../../core/errors/index.ts'
import { askAgain, blocksProtocol, helloProtocol, logProtocol, type Mesh, submitProtocol } from '../../core/mesh/index.ts'
import { type CID, DAG_PB, didFromPeer, matchesCid, peerFromDid, type ValidatorStatement } from '../../schemas/wire/index.ts'
import { type AskBlocks, fetchBlocks, fetchFile } from '../batches/index.ts'
import type { FileSource, FilesSource, LogSource } from './follower.ts'
import { MAX_LEDGER_FILE_BYTES } from './ledger-file.ts'
import type { Submit } from './outbox.ts'

export type Role = 'dao' | 'contributor' | 'validator' | 'guest'

export interface DaoLinkOptions {
  mesh: Mesh
  /** Multiaddrs of the DAO, ending in /p2p/. */
  addresses: string[]
  role: Role
  kv: Kv
  clock: Clock
  logger: Logger
  signal: AbortSignal
  /** Whether an address that the DAO names for somebody else may be dialled. Everything, unless said. */
  mayDial?: ((address: string) => boolean) | undefined
}

export interface KnownPeer {
  did: string
  role: Role
  addresses: string[]
}

const RECONNECT_MS = [100, 300, 1000, 3000]
const LEDGER_KEY = 'ledger-id'
/** What most ledger files stay below: how long several are waited for. */
const FILE_BYTES = 64 << 10

export class DaoLink {
  readonly #options: DaoLinkOptions
  #dao = ''
  #ledger = ''
  #known: KnownPeer[] = []
  #opening: Promise<void> | undefined
  /** The DAO as it runs now has heard our hello. */
  #isGreeted = false
  #isMeeting = false

  private constructor(options: DaoLinkOptions) {
    this.#options = options
  }

  /** Dials until the DAO answers. Throws RefusedError LEDGER_CHANGED when it serves another ledger than the one first seen in this home. */
  static async open(options: DaoLinkOptions): Promise<DaoLink> {
    const link = new DaoLink(options)
    const watch = options.mesh.onPeer(({ peer, connected }) => {
      if (peer === link.#dao && !connected) link.#isGreeted = false
    })
    options.signal.addEventListener('abort', () => watch[Symbol.dispose](), { once: true })
    await link.#reach()
    return link
  }

  get ledgerId(): string {
    return this.#ledger
  }

  /** Peer id of the DAO. */
  get peer(): string {
    return this.#dao
  }

  get did(): string {
    return didFromPeer(this.#dao)
  }

  /** Whom the DAO named at the last hello. */
  get known(): readonly KnownPeer[] {
    return this.#known
  }

  /** Says hello again, perhaps asking for a validator's seat. */
  async hello(seat: ValidatorStatement | null = null): Promise<void> {
    const { mesh, role, signal } = this.#options
    const reply = await askAgain(
      mesh,
      this.#dao,
      helloProtocol,
      { role, ledger: this.#ledger === '' ? null : this.#ledger, addresses: mesh.addresses().slice(0, 16), seat },
      { signal },
    )
    await this.#pinLedger(reply.ledger)
    this.#known = reply.peers
    this.#isGreeted = true
  }

  readonly source: LogSource = async (query) => {
    const { mesh, signal } = this.#options
    await this.#reach()
    const reply = await askAgain(mesh, this.#dao, logProtocol, query, { signal })
    return reply.status === 'ok' ? { checkpoint: reply.checkpoint, entries: reply.entries } : undefined
  }

  readonly submit: Submit = async (entry, files) => {
    const { mesh, signal } = this.#options
    await this.#reach()
    // the log takes an entry once, however often it is brought
    const bytes = files.reduce((sum, file) => sum + file.byteLength, 0)
    return askAgain(mesh, this.#dao, submitProtocol, { entry, files }, { signal, bytes })
  }

  readonly fetchFile: FileSource = async (cid) => {
    await this.#reach()
    return this.fileFrom(this.#dao, cid)
  }

  readonly fetchFiles: FilesSource = async (cids) => {
    await this.#reach()
    return this.filesFrom(this.#dao, cids)
  }

  /** Several ledger files of one block each from one peer, verified, in one question; undefined for each that it lacks or that did not fit. */
  async filesFrom(peer: string, cids: CID[]): Promise<(Uint8Array | undefined)[]> {
    const { mesh, signal } = this.#options
    const { blocks } = await askAgain(mesh, peer, blocksProtocol, { cids }, { signal, bytes: cids.length * FILE_BYTES })
    return cids.map((cid, i) => {
      const bytes = blocks[i]
      return bytes && matchesCid(cid, bytes) ? bytes : undefined
    })
  }

  /** A ledger file from one peer, verified; undefined when the peer lacks it. */
  async fileFrom(peer: string, cid: CID): Promise<Uint8Array | undefined> {
    const { mesh, signal } = this.#options
    const ask: AskBlocks = async (cids) => (await askAgain(mesh, peer, blocksProtocol, { cids }, { signal })).blocks
    try {
      if (cid.code === DAG_PB) return await fetchFile(ask, cid, { maxBytes: MAX_LEDGER_FILE_BYTES, signal })
      return (await fetchBlocks(ask, [{ cid, most: MAX_LEDGER_FILE_BYTES }], signal))[0]?.bytes
    } catch (error) {
      if (codeOf(error) === 'BLOCK_UNAVAILABLE') return undefined
      throw error
    }
  }

  /**
   * Connects to every peer of the roster that listens somewhere, so that it can reach us over these connections. Beside the caller: an address
   * that swallows packets holds up nothing. Faults are quiet: the next call tries again.
   */
  meet(accounts: Iterable<string>): void {
    const { signal, logger } = this.#options
    if (this.#isMeeting) return
    this.#isMeeting = true
    void this.#meet(accounts)
      .catch((error: unknown) => {
        if (!signal.aborted) logger.debug('meet-failed', { code: codeOf(error) })
      })
      .finally(() => {
        this.#isMeeting = false
      })
  }

  async #meet(accounts: Iterable<string>): Promise<void> {
    const { mesh, signal, logger, mayDial = () => true } = this.#options
    const connected = new Set(mesh.peers())
    const wanted = [...accounts].filter((account) => peerFromDid(account) !== mesh.peer && !connected.has(peerFromDid(account)))
    if (wanted.length === 0) return
    if (wanted.some((account) => !this.#known.some((k) => k.did === account))) await this.hello()
    await Promise.all(
      wanted.map(async (account) => {
        const suffix = `/p2p/${peerFromDid(account)}`
        const named = this.#known.find((k) => k.did === account)?.addresses ?? []
        const addresses = named.filter((address) => address.endsWith(suffix) && mayDial(address))
        if (addresses.length === 0) return
        await mesh.connect(addresses, { signal }).catch((error: unknown) => {
          logger.debug('meet-failed', { peer: account, code: codeOf(error) })
          // it may listen elsewhere by now: the next hello tells
          this.#known = this.#known.filter((k) => k.did !== account)
        })
      }),
    )
  }

  #reach(): Promise<void> {
    if (this.#isGreeted && this.#options.mesh.peers().includes(this.#dao)) return Promise.resolve()
    this.#opening ??= this.#dial().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #dial(): Promise<void> {
    const { mesh, addresses, clock, signal, logger } = this.#options
    for (let attempt = 0; ; attempt++) {
      signal.throwIfAborted()
      try {
        this.#dao = await mesh.connect(addresses, { signal })
        await this.hello()
        return
      } catch (error) {
        if (error instanceof RefusedError) throw error
        signal.throwIfAborted()
        logger.debug('dao-unreachable', { code: codeOf(error), attempt })
        await clock.sleep(RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)] as number, signal)
      }
    }
  }

  async #pinLedger(ledger: string): Promise<void> {
    if (this.#ledger === '') {
      const stored = await this.#options.kv.get(LEDGER_KEY)
      this.#ledger = stored === undefined ? ledger : new TextDecoder().decode(stored)
      if (stored === undefined) await this.#options.kv.put(LEDGER_KEY, new TextEncoder().encode(ledger))
    }
    if (this.#ledger !== ledger)
      throw new RefusedError(
        'LEDGER_CHANGED',
        `this home follows ledger ${this.#ledger}, the DAO serves ${ledger}; use another --home, or the address of the DAO you joined`,
      )
  }
}
