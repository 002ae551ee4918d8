import { stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError, ProofError, UsageError } from '../../core/errors/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import type { NamedRelease } from '../../dao/pool-release/index.ts'
import {
  equalBytes,
  MAX_FEED_BYTES,
  MAX_NOTICE_BOX_BYTES,
  MAX_POOL_RELEASE_BYTES,
  MAX_TAGS_BYTES,
  sha256,
  type TombstoneNotice,
} from '../../schemas/wire/index.ts'
import { print, printable, printJson, readAtMost, type Run, say, settingOf } from '../program/index.ts'
import { identityIn } from './age-identity.ts'
import {
  getBytes,
  holdAgainst,
  httpBase,
  replayPool,
  systemClock,
  type TrustedOperator,
  trustedOperator,
  unvouched,
} from '../wiring/index.ts'

const DAY_SECONDS = 86_400

/** Exit 3: somebody withdrew since. Of a manifest alone it can only be said that somebody did; of an opened bundle, whose rows they are. */
export const run: Run = async ([where], flags) => {
  if (where === undefined)
    throw new UsageError('RELEASE_MISSING', 'which release? A folder that "quern pool open" wrote, or its release.cbor')
  const room = await openPoolReleases()
  const isFolder = (await stat(where).catch(() => undefined))?.isDirectory() === true
  const read = room.readPoolRelease(
    await readAtMost(isFolder ? path.join(where, room.BUNDLE_FILES.manifest) : where, MAX_POOL_RELEASE_BYTES),
  )
  if (!read.ok) throw new InvalidInputError(read.code, `${where}: ${read.message}`)
  const { by } = read.value
  const { withdrawals, size, at, trusted } = await withdrawalsOf(flags, read.value, where)
  if (trusted === null) say(`quern: ${unvouched(by)}`)
  // all of them, where no tags say whose they are: which purposes the pool cannot do without the manifest does not tell
  const since = room.withdrawalsSince(read.value, withdrawals)
  const lines = isFolder ? await readAtMost(path.join(where, room.BUNDLE_FILES.members), room.MAX_BUNDLE_FILE_BYTES) : undefined
  if (lines && !equalBytes(sha256(lines), read.value.members))
    throw new ProofError('OTHER_FILE', `${room.BUNDLE_FILES.members} is not that of the manifest; open the bundle again`)
  const members = lines && room.readMembers(lines)
  // who withdrew is public, and which rows are theirs is not: that is asked for only where somebody did
  const tags = members && withdrawals.length > read.value.tombstones.count ? await tagsOf(flags, read) : []
  const stale = members && tags && room.staleMembers(members, read.value, withdrawals, tags)
  const withdrawn = stale?.length ?? since.length
  const notices = await noticesOf(flags, read)
  // what the operator asks for counts also where the log that was read says nothing of it yet
  const told = [...new Set(notices?.flatMap(({ persons }) => persons) ?? [])].toSorted()
  const now = Math.floor(systemClock.now() / 1000)
  const due = stale?.map(({ person, said }) => ({ person, deleteBy: dayOf(room.dueAt(read.value, said, now)) })) ?? null
  const persons = due?.map(({ person }) => person) ?? null
  const dated = at === undefined ? null : new Date(at * 1000).toISOString()
  if (flags['json'] === true)
    printJson({
      release: read.cid.toString(),
      stale: withdrawn > 0 || told.length > 0,
      withdrawn,
      persons,
      due,
      entries: size,
      feed: dated,
      notices: notices?.map(noticeFacts) ?? null,
      by,
      trusted,
    })
  else if (withdrawn === 0 && told.length === 0)
    print(
      `fresh: nobody of it withdrew in the first ${size} entries of the log${dated === null ? '' : `, by the feed of ${dated}`}; signed by ${by}`,
    )
  else if (due === null)
    print(
      `stale: ${withdrawn} withdrawals since; ${isFolder ? 'ask the DAO with --dao, or give its tags with --tags,' : 'give the folder of the opened bundle'} to see whether they are of this release; signed by ${by}`,
    )
  else {
    print(`stale: ${withdrawn} contributions withdrawn since a release signed by ${by}; delete the rows of`)
    for (const { person, deleteBy } of due) print(printable(`  ${person}  by ${deleteBy}`))
  }
  if (flags['json'] !== true)
    for (const { at: said, deleteBy, persons: named } of notices ?? [])
      print(printable(`notice of ${dayOf(said)}, signed by the operator: delete by ${dayOf(deleteBy)} the rows of ${named.join(', ')}`))
  return withdrawn > 0 || told.length > 0 ? 3 : 0
}

const noticeFacts = ({ at, deleteBy, persons }: TombstoneNotice) => ({ at, deleteBy: dayOf(deleteBy), persons })

/** The operator's notices to this trainer, from a box that was sent or the one that the DAO serves; undefined without an identity to open it. */
async function noticesOf(flags: Record<string, unknown>, { cid, value }: NamedRelease): Promise<TombstoneNotice[] | undefined> {
  const { identity, notices } = flags
  if (typeof identity !== 'string') {
    if (notices === undefined) return undefined
    throw new UsageError('IDENTITY_MISSING', 'notices are sealed to you: give your age identity with --identity')
  }
  const { openNotices } = await openPoolReleases()
  const dao = settingOf('dao', flags)
  if (typeof notices !== 'string' && dao === undefined)
    throw new UsageError('NOTICES_MISSING', 'give the DAO with --dao http(s)://…, or a box that was sent to you with --notices')
  const box =
    typeof notices === 'string'
      ? await readAtMost(notices, MAX_NOTICE_BOX_BYTES)
      : await getBytes(httpBase(dao as string), `/v1/pool/releases/${cid.toString()}/notices`, MAX_NOTICE_BOX_BYTES)
  return openNotices(box, await identityIn(identity), { release: cid, operator: value.by })
}

/** The operator's tags of the withdrawals since; undefined where neither a file nor a DAO is given. */
async function tagsOf(flags: Record<string, unknown>, { cid, value }: NamedRelease): Promise<Uint8Array[] | undefined> {
  const [file, dao] = [flags['tags'], settingOf('dao', flags)]
  const isFile = typeof file === 'string'
  // a copy of the log, or a feed, is checked without asking anybody, unless the command line itself says whom
  if (!isFile && (dao === undefined || ((flags['log'] ?? flags['feed']) !== undefined && flags['dao'] === undefined))) return undefined
  const from = isFile ? file : (dao as string)
  const { readTags } = await openPoolReleases()
  const read = readTags(
    isFile ? await readAtMost(from, MAX_TAGS_BYTES) : await getBytes(httpBase(from), `/v1/pool/releases/${cid}/tags`, MAX_TAGS_BYTES),
  )
  if (!read.ok) throw new InvalidInputError(read.code, `${from}: ${read.message}`)
  const { release, from: knew, dao: ledger, by, tags } = read.value
  holdAgainst({ ledger: value.dao, operator: value.by }, { dao: ledger, by }, from)
  if (!release.equals(cid) || knew !== value.tombstones.count)
    throw new InvalidInputError('OTHER_RELEASE', `the tags at ${from} are of another release`)
  return tags
}

/** A day of UTC. */
const dayOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)

interface Told {
  /** Signed withdrawals in the order of the log. */
  withdrawals: Uint8Array[]
  /** Entries of the log that were read. */
  size: number
  /** Date of a feed. */
  at?: number
  /** Who says that release and feed are the operator's; null: nobody was asked. */
  trusted: TrustedOperator['by'] | null
}

/** Of a stranger's release nothing is said: RefusedError OTHER_LEDGER or OTHER_OPERATOR. */
async function withdrawalsOf(flags: Record<string, unknown>, release: { dao: string; by: string }, where: string): Promise<Told> {
  const { readFeed } = await openPoolReleases()
  const trusted = await trustedOperator(flags)
  holdAgainst(trusted, release, where)
  if (typeof flags['log'] === 'string') {
    const { ledger, withdrawals } = await replayPool(flags['log'])
    const { id, operator, size } = ledger.state
    holdAgainst({ ledger: id, operator }, release, where)
    return { withdrawals, size, trusted: 'log' }
  }
  const from = typeof flags['feed'] === 'string' ? flags['feed'] : settingOf('dao', flags)
  if (from === undefined)
    throw new UsageError(
      'WITHDRAWALS_MISSING',
      'ask the DAO with --dao http(s)://…, or give a copy of its log with --log, or its withdrawal feed with --feed',
    )
  const isFile = typeof flags['feed'] === 'string'
  const feed = readFeed(
    isFile ? await readAtMost(from, MAX_FEED_BYTES) : await getBytes(httpBase(from), '/v1/pool/withdrawals', MAX_FEED_BYTES),
  )
  if (!feed.ok) throw new InvalidInputError(feed.code, `${from}: ${feed.message}`)
  const { value } = feed
  // of the release, held against whoever answers at the DAO's address; of a file, against the release
  holdAgainst({ ledger: value.dao, operator: value.by }, release, where)
  // a file is as old as its reader knows; what a DAO answers with is of now
  if (!isFile && Math.abs(systemClock.now() / 1000 - value.at) > DAY_SECONDS)
    throw new InvalidInputError('FEED_OLD', `the feed is of ${new Date(value.at * 1000).toISOString()}; ask a copy of the log with --log`)
  return { withdrawals: value.withdrawals, size: value.size, at: value.at, trusted: trusted?.by ?? (isFile ? null : 'dao') }
}
