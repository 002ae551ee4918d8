/**
 * Tells trainers: for every release that somebody of it withdrew from since, one signed notice for each time, kept, and carried to the address that
 * its trainer gave. Whoever gave none asks. Who is in a release is nobody else's to know, so what is given out is one box for each release, sealed to
 * its trainer, of a size that says nothing: there is one with no notices in it too.
 */
import { z } from 'zod'
import type { Clock, Kv, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  bytesUpTo,
  type CID,
  encode,
  parse,
  type PoolRelease,
  type PoolReleaseSecret,
  type Purpose,
  uint,
} from '../../schemas/wire/index.ts'
import { sealNotices } from './notice-box.ts'
import { readPoolRelease } from './manifest.ts'
import { noticeFor, readNotice } from './notices.ts'

/** What was said of one release, in order, and how many of these its trainer's address took. */
const told = z.strictObject({ v: z.literal(1), notices: z.array(bytesUpTo(64 << 10)).max(1024), sent: uint })
type Told = z.infer<typeof told>
const MAX_TOLD_BYTES = 16 << 20
const AGAIN_MS = 60_000

export interface NoticeDeskOptions {
  /** Releases that the log names. */
  releases: () => readonly CID[]
  manifest: (release: CID) => Promise<Uint8Array | undefined>
  secret: (release: CID) => Promise<PoolReleaseSecret | undefined>
  /** Signed withdrawals of the log, in its order. */
  withdrawals: () => Promise<readonly Uint8Array[]>
  /** Purposes whose withdrawal takes somebody out of the release: its own, and those that its pool cannot do without. */
  endsFor: (release: Pick<PoolRelease, 'purposes' | 'policies'>) => readonly Purpose[]
  operator: Signer
  clock: Clock
  kv: Kv
  logger: Logger
  /** Carries a sealed box to the address that a trainer gave; rejects where it was not taken. */
  send: (address: string, box: Uint8Array) => Promise<void>
}

export class NoticeDesk {
  readonly #options: NoticeDeskOptions
  /** Withdrawals that were looked at, by release. */
  readonly #looked = new Map<string, number>()
  readonly #againAt = new Map<string, number>()

  constructor(options: NoticeDeskOptions) {
    this.#options = options
  }

  /** Writes what is due and carries what was not taken yet. One release that cannot be read keeps no other trainer from being told. */
  async step(): Promise<void> {
    const { releases, withdrawals, logger } = this.#options
    const named = releases()
    if (named.length === 0) return
    const list = await withdrawals()
    for (const release of named)
      await this.#tell(release, list).catch((error: unknown) =>
        logger.warn('notice-waits', { release: release.toString(), code: codeOf(error) }),
      )
  }

  /** The box of a release that was made here, sealed to its trainer: all notices so far. Undefined for another. */
  async box(release: CID): Promise<Uint8Array | undefined> {
    const secret = await this.#options.secret(release)
    return secret && sealNotices({ release, notices: (await this.#told(release)).notices }, secret.recipient)
  }

  async #tell(release: CID, withdrawals: readonly Uint8Array[]): Promise<void> {
    const key = release.toString()
    const secret = await this.#options.secret(release)
    // of a release that was made elsewhere nothing is known here
    if (secret === undefined) return
    if (this.#looked.get(key) !== withdrawals.length) await this.#write(release, secret, withdrawals)
    this.#looked.set(key, withdrawals.length)
    await this.#carry(release, secret)
  }

  async #write(release: CID, secret: PoolReleaseSecret, withdrawals: readonly Uint8Array[]): Promise<void> {
    const { manifest, operator, clock, kv, logger } = this.#options
    const read = readPoolRelease((await manifest(release)) ?? new Uint8Array())
    if (!read.ok) return
    const known = await this.#told(release)
    const before = known.notices.flatMap((bytes) => {
      const notice = readNotice(bytes)
      return notice.ok ? notice.value.persons : []
    })
    const at = Math.floor(clock.now() / 1000)
    const notice = noticeFor({ ...read.value, purposes: [...this.#options.endsFor(read.value)] }, secret, withdrawals, {
      operator,
      at,
      before,
    })
    if (notice === undefined) return
    await kv.put(keyOf(release), encode({ ...known, notices: [...known.notices, notice] }))
    logger.info('notice', { release: release.toString(), notices: known.notices.length + 1 })
  }

  async #carry(release: CID, { notify, recipient }: PoolReleaseSecret): Promise<void> {
    const { clock, kv, send, logger } = this.#options
    const key = release.toString()
    const known = await this.#told(release)
    if (notify === undefined || known.sent >= known.notices.length || clock.now() < (this.#againAt.get(key) ?? 0)) return
    try {
      await send(notify, await sealNotices({ release, notices: known.notices }, recipient))
    } catch (error) {
      this.#againAt.set(key, clock.now() + AGAIN_MS)
      throw error
    }
    await kv.put(keyOf(release), encode({ ...known, sent: known.notices.length }))
    logger.info('notice-sent', { release: key, notices: known.notices.length })
  }

  async #told(release: CID): Promise<Told> {
    const bytes = await this.#options.kv.get(keyOf(release))
    return bytes === undefined ? { v: 1, notices: [], sent: 0 } : parse(told, bytes, MAX_TOLD_BYTES)
  }
}

const keyOf = (release: CID): string => `notices/${release.toString()}`
