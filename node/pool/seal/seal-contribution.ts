/**
 * Seals a contribution on its owner's machine: events into chunks, each under a key of its own, and the secret behind the keys into shares.
 * What comes out may lie anywhere (the sealed chunks and the manifest), but for the parts, which go to one keyholder each and to nobody else.
 */
import { hkdfSync, randomBytes } from 'node:crypto'
import { InvalidInputError } from '../../../core/errors/index.ts'
import {
  deal,
  dealtHash,
  keyCommit,
  keyFromSecret,
  MAX_CHUNK_LINES_BYTES,
  poolContext,
  randomScalar,
  sealChunk,
} from '../../../dao/custody/index.ts'
import { aggregatorsOf, type ByteSource, dealCounts, FeatureCounter, LAYOUT_1 } from '../../../dao/pool-statistics/index.ts'
import {
  ACTIVITY_MEASURES,
  type ActivityEvent,
  bandsOf,
  KNOWN_MEASURES,
  measureChunk,
  measureEvents,
  readEvents,
} from '../../../schemas/activity/index.ts'
import { REDACTION } from '../../../schemas/redact/index.ts'
import {
  type Block,
  cborCid,
  type CID,
  type ConsentPolicy,
  type CountShare,
  encode,
  MAX_CHUNKS,
  type PoolIndex,
  poolIndex,
  type PoolManifest,
  poolManifest,
  rawCid,
  shaped,
  utf8,
} from '../../../schemas/wire/index.ts'

/** A scorer's sample of 32 is a quarter of these. Of fewer events each has its chunk, and the sample is 32 of them. */
const CHUNKS = 128
/** Of one event as a line. */
export const MAX_EVENT_BYTES = 256 << 10

export interface ToSeal {
  /** One canonical JSON object per line, without line ends: the events that their owner has seen and agreed to. */
  lines: readonly string[]
  dao: string
  subject: string
  policy: { cid: CID; value: ConsentPolicy }
  /** `name@version` of the events: `activity@1`. */
  schema: string
  /** What read the export, `name@version`. */
  parser?: string
  /** Months of the first and the last event, `YYYY-MM`. */
  from: string
  to: string
  /** 32 bytes: the chunks then open only while their owner answers too (`committee+owner`). */
  ownerSeed?: Uint8Array
  /** The pool's tokens for `bandsOfLines`, in order, and the CID of the key they are under; none where the pool was not asked. */
  tokens?: { key: CID; values: readonly Uint8Array[] }
  /** The service's mail that it is ready, the pool's token of the account it went to, and the CID of that token's key; testers alone open it. */
  mail?: { bytes: Uint8Array; account: Uint8Array; key: CID }
  /** Measures that the charter takes; the newest of them that is known here is used. */
  measures?: readonly string[]
  /** How many contributions of this subject were revealed before, and the last of them. */
  sequence?: number
  prev?: CID | null
}

export interface Sealed {
  manifest: PoolManifest
  cid: CID
  /** Manifest, chunks, mail and index, in this order. Manifest and index are ledger files; all of it is pinned. */
  blocks: Block[]
  index: PoolIndex
  salt: Uint8Array
  /** Share of seat i + 1, and the commitments that all keyholders get. */
  shares: Uint8Array[]
  commitments: Uint8Array[]
  /** Parts of what this person counts, for the keyholders of the first seats; none where the committee is too small for statistics. */
  counts: CountShare[]
}

const secure: ByteSource = { bytes: (length) => new Uint8Array(randomBytes(length)) }

/**
 * Throws InvalidInputError NOTHING_TO_SEAL, EVENT_TOO_LARGE, BAD_EVENT or TOO_MUCH (split the export). Nothing of it can be repeated: secret and
 * salt are new.
 */
export function sealContribution(toSeal: ToSeal): Sealed {
  const { lines, dao, subject, policy, schema, parser, from, to, ownerSeed, tokens, mail, sequence = 0, prev = null } = toSeal
  const groups = chunkLines(lines)
  const measures = KNOWN_MEASURES.find((one) => toSeal.measures?.includes(one)) ?? ACTIVITY_MEASURES
  const counter = new FeatureCounter(LAYOUT_1)
  const rows = groups.map((group) => {
    const events = eventsOf(group)
    // what is counted is the quality itself, not the coarse one of the public row
    const { quality: qualityPpm } = measureEvents(events)
    for (const event of events) counter.add({ event, qualityPpm })
    return measureChunk(events, measures)
  })
  const index = shaped(poolIndex, {
    v: 1,
    measures,
    rows,
    tokens: [...(tokens?.values ?? [])],
    ...(mail !== undefined && { account: mail.account }),
    key: tokens?.key ?? mail?.key ?? null,
  })
  const indexBytes = encode(index)
  const { k, members } = policy.value.committee
  const secret = randomScalar()
  const { shares, commitments } = deal({ k, n: members.length, secret })
  const salt = new Uint8Array(randomBytes(32))
  const first = commitments[0] as Uint8Array
  const context = poolContext(first, salt)
  const owner = ownerSeed === undefined ? undefined : ownerKey(ownerSeed, salt)
  const sealedAs = (plain: Uint8Array, i: number): Block => {
    const bytes = sealChunk(plain, keyFromSecret(secret, context, i, owner), context, i)
    return { cid: rawCid(bytes), bytes }
  }
  const chunks = groups.map((group, i) => sealedAs(utf8(group), i))
  const sealedMail = mail === undefined ? [] : [sealedAs(mail.bytes, chunks.length)]
  const manifest = shaped(poolManifest, {
    v: 1,
    dao,
    subject,
    policy: policy.cid,
    schema,
    ...(parser !== undefined && { parser, redaction: REDACTION }),
    chunks: chunks.map(({ cid }) => cid),
    ...(sealedMail[0] !== undefined && { mail: sealedMail[0].cid }),
    index: cborCid(indexBytes),
    records: lines.length,
    from,
    to,
    custody: owner === undefined ? 'committee' : 'committee+owner',
    keyCommit: keyCommit(first, dealtHash(commitments), salt),
    sequence,
    prev,
  })
  const bytes = encode(manifest)
  const blocks = [{ cid: cborCid(bytes), bytes }, ...chunks, ...sealedMail, { cid: manifest.index, bytes: indexBytes }]
  const counts = aggregatorsOf(policy.value) === undefined ? [] : dealCounts(counter.vector(), secure)
  return { manifest, cid: cborCid(bytes), blocks, index, salt, shares, commitments, counts }
}

/** What the keyholders are asked for tokens of, blinded, before anything is sealed. Throws InvalidInputError BAD_EVENT. */
export const bandsOfLines = (lines: readonly string[]): Uint8Array[] => bandsOf(lines.flatMap((line) => eventsOf(`${line}\n`)))

function eventsOf(text: string): ActivityEvent[] {
  const read = readEvents(text)
  if (!read.ok) throw new InvalidInputError('BAD_EVENT', `a line that is to be sealed is no event: ${read.message}`)
  return read.events
}

/** The owner's key of one contribution: HKDF-SHA256 of the root seed, salt: the contribution's, info "quern/owner-key/v1\0". */
export function ownerKey(rootSeed: Uint8Array, salt: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', rootSeed, salt, utf8('quern/owner-key/v1\0'), 32))
}

function chunkLines(lines: readonly string[]): string[] {
  if (lines.length === 0) throw new InvalidInputError('NOTHING_TO_SEAL', 'no event is left to offer')
  const chunks = Math.min(CHUNKS, lines.length)
  const groups: string[] = []
  let [group, size, place] = ['', 0, 0]
  const close = (): void => {
    if (size > 0) groups.push(group)
    ;[group, size] = ['', 0]
  }
  for (const [n, line] of lines.entries()) {
    const bytes = Buffer.byteLength(line) + 1
    if (bytes > MAX_EVENT_BYTES)
      throw new InvalidInputError('EVENT_TOO_LARGE', `an event has ${bytes} bytes, at most ${MAX_EVENT_BYTES} are sealed`)
    // evenly: the chunks differ by one line
    const next = Math.floor((n * chunks) / lines.length)
    if (next !== place || size + bytes > MAX_CHUNK_LINES_BYTES) close()
    place = next
    group += `${line}\n`
    size += bytes
  }
  close()
  if (groups.length > MAX_CHUNKS)
    throw new InvalidInputError('TOO_MUCH', `${groups.length} chunks, at most ${MAX_CHUNKS}; offer the export in parts`)
  return groups
}
