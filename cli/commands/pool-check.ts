import { stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { MAX_FEED_BYTES, MAX_POOL_RELEASE_BYTES } from '../../schemas/wire/index.ts'
import { print, printable, printJson, type Run } from '../program/index.ts'
import { readAtMost } from '../wiring/index.ts'
import { replayPool } from '../wiring/index.ts'

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
  const { withdrawals, size } = await withdrawalsOf(flags, read.value)
  const since = room
    .withdrawalsSince(read.value, withdrawals)
    .filter(({ scope }) => scope === 'all' || scope.some((one) => read.value.purposes.includes(one)))
  const members = isFolder
    ? room.readMembers(await readAtMost(path.join(where, room.BUNDLE_FILES.members), room.MAX_BUNDLE_FILE_BYTES))
    : undefined
  const stale = members && room.staleMembers(members, read.value, withdrawals)
  const withdrawn = stale?.length ?? since.length
  const persons = stale?.map(({ person }) => person) ?? null
  if (flags['json'] === true) printJson({ release: read.cid.toString(), stale: withdrawn > 0, withdrawn, persons, entries: size })
  else if (withdrawn === 0) print(`fresh: nobody of it withdrew in the first ${size} entries of the log`)
  else if (persons === null)
    print(`stale: ${withdrawn} withdrawals since; the folder of the opened bundle says whether they are of this release`)
  else
    print(
      printable(
        `stale: ${withdrawn} contributions withdrawn since; delete the rows of ${persons.join(', ')} within ${read.value.deleteWithinDays} days`,
      ),
    )
  return withdrawn > 0 ? 3 : 0
}

async function withdrawalsOf(flags: Record<string, unknown>, { dao, by }: { dao: string; by: string }) {
  const { readFeed } = await openPoolReleases()
  if (typeof flags['log'] === 'string') {
    const { ledger, withdrawals } = await replayPool(flags['log'])
    if (ledger.state.id !== dao) throw new InvalidInputError('OTHER_LEDGER', `the release is of ${dao}, the log of ${ledger.state.id}`)
    return { withdrawals, size: ledger.state.size }
  }
  if (typeof flags['feed'] !== 'string')
    throw new UsageError('WITHDRAWALS_MISSING', 'give a copy of the log with --log, or the operator’s withdrawal feed with --feed')
  const feed = readFeed(await readAtMost(flags['feed'], MAX_FEED_BYTES))
  if (!feed.ok) throw new InvalidInputError(feed.code, `${flags['feed']}: ${feed.message}`)
  if (feed.value.dao !== dao || feed.value.by !== by) throw new InvalidInputError('OTHER_LEDGER', 'the feed is of another DAO or operator')
  return { withdrawals: feed.value.withdrawals, size: feed.value.size }
}
