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
  sha256,
  type TombstoneNotice,
} from '../../schemas/wire/index.ts'
import { print, printable, printJson, type Run, settingOf } from '../program/index.ts'
import { identityIn } from './age-identity.ts'
import { getBytes, httpBase, readAtMost, replayPool, systemClock } from '../wiring/index.ts'

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
  const { withdrawals, size, at } = await withdrawalsOf(flags, read.value)
  const since = room
    .withdrawalsSince(read.value, withdrawals)
    .filter(({ scope }) => scope === 'all' || scope.some((one) => read.value.purposes.includes(one)))
  const lines = isFolder ? await readAtMost(path.join(where, room.BUNDLE_FILES.members), room.MAX_BUNDLE_FILE_BYTES) : undefined
  if (lines && !equalBytes(sha256(lines), read.value.members))
    throw new ProofError('OTHER_FILE', `${room.BUNDLE_FILES.members} is not that of the manifest; open the bundle again`)
  const members = lines && room.readMembers(lines)
  const stale = members && room.staleMembers(members, read.value, withdrawals)
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
    })
  else if (withdrawn === 0 && told.length === 0)
    print(`fresh: nobody of it withdrew in the first ${size} entries of the log${dated === null ? '' : `, by the feed of ${dated}`}`)
  else if (due === null)
    print(`stale: ${withdrawn} withdrawals since; the folder of the opened bundle says whether they are of this release`)
  else {
    print(`stale: ${withdrawn} contributions withdrawn since; delete the rows of`)
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

/** A day of UTC. */
const dayOf = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)

/** Signed withdrawals in the order of the log, and how far it was read; of a feed its date. */
async function withdrawalsOf(
  flags: Record<string, unknown>,
  { dao, by }: { dao: string; by: string },
): Promise<{ withdrawals: Uint8Array[]; size: number; at?: number }> {
  const { readFeed } = await openPoolReleases()
  if (typeof flags['log'] === 'string') {
    const { ledger, withdrawals } = await replayPool(flags['log'])
    if (ledger.state.id !== dao) throw new InvalidInputError('OTHER_LEDGER', `the release is of ${dao}, the log of ${ledger.state.id}`)
    return { withdrawals, size: ledger.state.size }
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
  if (value.dao !== dao || value.by !== by) throw new InvalidInputError('OTHER_LEDGER', 'the feed is of another DAO or operator')
  // a file is as old as its reader knows; what a DAO answers with is of now
  if (!isFile && Math.abs(systemClock.now() / 1000 - value.at) > DAY_SECONDS)
    throw new InvalidInputError('FEED_OLD', `the feed is of ${new Date(value.at * 1000).toISOString()}; ask a copy of the log with --log`)
  return { withdrawals: value.withdrawals, size: value.size, at: value.at }
}
