/** What a contributor of personal data remembers: each contribution, how far it is, and what is needed to end it. Durable before anything leaves. */
import { z } from 'zod'
import type { Kv } from '../../../core/effects/index.ts'
import { RefusedError } from '../../../core/errors/index.ts'
import {
  AGGREGATORS,
  bytesOf,
  bytesUpTo,
  cborCid,
  type CID,
  countShare,
  did,
  encode,
  equalBytes,
  MAX_POOL_MANIFEST_BYTES,
  MAX_RECEIPT_BYTES,
  MAX_WITHDRAWAL_BYTES,
  parse,
  type PoolManifest,
  poolManifest,
  shaped,
  uint,
} from '../../../schemas/wire/index.ts'
import { hasEnded } from './withdrawn.ts'

const MAX_NOTE_BYTES = 1 << 20
/** Receipts of one contribution, the first included: as many as a keyholder takes. */
export const MAX_RECEIPTS = 64
const note = z.strictObject({
  v: z.literal(1),
  /** DAG-CBOR of the pool manifest. */
  manifest: bytesUpTo(MAX_POOL_MANIFEST_BYTES),
  /** Of the keys; private, so the commitment has another. Both null where its home was lost, and the log told of it. */
  salt: bytesOf(32).nullable(),
  commitSalt: bytesOf(32).nullable(),
  /** JWS of every receipt, the newest last; none where they were lost with its home. */
  receipts: z.array(z.string().max(MAX_RECEIPT_BYTES)).max(MAX_RECEIPTS),
  committee: z.strictObject({ k: uint, members: z.array(did).max(32) }),
  /** Parts of the keyholders, in order of seats: kept until all of them have theirs, then forgotten. */
  shares: z.array(bytesOf(32)).max(32),
  commitments: z.array(bytesOf(32)).max(16),
  /** Parts of what this person counts, as long as the shares are kept: dealt anew they would not fit those that are there. */
  counts: z.array(countShare).max(AGGREGATORS).default([]),
  /** When the last keyholder acknowledged, Unix seconds. */
  depositedAt: uint.nullable(),
  /** Kind of export, empty where it is not known any more; and when it was offered. */
  source: z.string().max(64),
  at: uint,
  /** Keyholders that held parts before a change of committee: they go on telling who asked them. */
  former: z.array(did).max(256).default([]),
  /** Keyholders that do not have the newest receipt, of a renewal, yet. */
  lacking: z.array(did).max(32).default([]),
  /** Signed withdrawals in the order in which they were made; what they come to: `withdrawn.ts`. */
  withdrawals: z.array(bytesUpTo(MAX_WITHDRAWAL_BYTES)).max(512),
  /** Keyholders that signed that their share is gone. */
  shredded: z.array(z.strictObject({ by: did, ack: bytesUpTo(1024) })).max(32),
  /** Keyholders that noted the withdrawal and held nothing under it: its parts never came to all of them. */
  noted: z.array(did).max(32).default([]),
  /** Keyholders that heard all that was withdrawn of its purposes. */
  heard: z.array(did).max(32).default([]),
  /** The log holds all that was withdrawn, or the DAO took it. */
  logged: z.boolean(),
  /** The head of every keyholder's access log as last seen: a log that is shorter later was cut. */
  heads: z.array(z.strictObject({ by: did, lines: uint, head: bytesOf(32) })).max(288),
})
type Stored = z.infer<typeof note>

export interface PoolNote extends Omit<Stored, 'manifest' | 'v'> {
  cid: CID
  manifest: PoolManifest
}
export type NewNote = Omit<
  PoolNote,
  'cid' | 'depositedAt' | 'former' | 'lacking' | 'withdrawals' | 'shredded' | 'noted' | 'heard' | 'logged' | 'heads' | 'counts'
> &
  Partial<Pick<PoolNote, 'counts'>>

const PREFIX = 'pool/'
const ADDRESSES = 'keyholder-addresses'
const addressBook = z.array(z.strictObject({ did, addresses: z.array(z.string().max(512)).max(16) })).max(1024)
export type AddressBook = z.infer<typeof addressBook>

/** Of what is sealed here. Throws RefusedError RECEIPT_LOST for a contribution whose home was lost. */
export function saltOf({ salt }: Pick<PoolNote, 'salt'>): Uint8Array {
  if (salt !== null) return salt
  throw new RefusedError('RECEIPT_LOST', 'its receipts were lost with the home it was offered from: "quern pool withdraw" ends it')
}

export class PoolBook {
  readonly #kv: Kv
  readonly #notes: PoolNote[] = []
  #updating: Promise<void> = Promise.resolve()

  private constructor(kv: Kv) {
    this.#kv = kv
  }

  static async open(kv: Kv): Promise<PoolBook> {
    const book = new PoolBook(kv)
    for (const key of await kv.keys(PREFIX)) {
      const bytes = await kv.get(key)
      if (bytes === undefined) continue
      const { v: _, manifest, ...rest } = parse(note, bytes, MAX_NOTE_BYTES)
      book.#notes.push({ ...rest, cid: cborCid(manifest), manifest: parse(poolManifest, manifest, MAX_POOL_MANIFEST_BYTES) })
    }
    book.#notes.sort((a, b) => a.at - b.at)
    return book
  }

  /** Oldest first. */
  get all(): readonly PoolNote[] {
    return this.#notes
  }

  /** What is offered and did not end: one at most. It may have lost purposes. */
  get live(): PoolNote | undefined {
    return this.#notes.findLast((one) => !hasEnded(one))
  }

  async add(given: NewNote): Promise<PoolNote> {
    const blank = {
      counts: [],
      depositedAt: null,
      former: [],
      lacking: [],
      shredded: [],
      noted: [],
      heard: [],
      logged: false,
      heads: [],
    }
    const added = { ...blank, withdrawals: [], ...given, cid: cborCid(encode(given.manifest)) }
    await this.#write(added)
    this.#notes.push(added)
    return added
  }

  /** On disk first: what is only remembered here would be forgotten by a crash. One after the other, or two at once would lose what the first said. */
  update(known: PoolNote, change: Partial<Omit<PoolNote, 'cid' | 'manifest' | 'salt'>>): Promise<void> {
    this.#updating = this.#updating
      .catch(() => undefined)
      .then(async () => {
        await this.#write({ ...known, ...change })
        Object.assign(known, change)
      })
    return this.#updating
  }

  /** Where keyholders were last: a withdrawal must reach them also while the DAO is silent. */
  async addresses(): Promise<AddressBook> {
    const bytes = await this.#kv.get(ADDRESSES)
    return bytes === undefined ? [] : parse(addressBook, bytes, MAX_NOTE_BYTES)
  }

  /** Adds to what is known of the accounts that matter, and forgets the others: whoever the DAO does not name now stays where it was. */
  async learnAddresses(named: readonly Readonly<AddressBook[number]>[], keep: ReadonlySet<string>): Promise<void> {
    const before = await this.addresses()
    const known = new Map(before.filter((one) => keep.has(one.did)).map((one) => [one.did, one.addresses]))
    for (const { did: account, addresses } of named)
      if (keep.has(account) && addresses.length > 0)
        known.set(account, [...new Set([...addresses, ...(known.get(account) ?? [])])].slice(0, 16))
    const after = encode([...known].map(([account, addresses]) => ({ did: account, addresses })))
    if (known.size > 0 && !equalBytes(after, encode(before))) await this.#kv.put(ADDRESSES, after)
  }

  /** Throws BAD_SHAPE, and writes nothing, where it could not be read again. */
  async #write({ cid: named, manifest, ...rest }: PoolNote): Promise<void> {
    const stored = shaped(note, { v: 1, manifest: encode(manifest), ...rest })
    await this.#kv.put(`${PREFIX}${named.toString()}`, encode(stored))
  }
}
