import { LevelDatastore } from 'datastore-level'
import { FatalError, toError } from '../errors/index.ts'
import { diskError, makeFolder } from './disk.ts'

/** Ordered keys and values on disk, as `datastore-level` and `blockstore-level` use it. */
export type Level = LevelDatastore['db']

export async function levelIn(folder: string): Promise<Level> {
  await makeFolder(folder)
  const { db } = new LevelDatastore(folder)
  try {
    await db.open({ createIfMissing: true, compression: false })
    return db
  } catch (thrown) {
    const cause = toError(thrown).cause
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'LEVEL_LOCKED')
      throw new FatalError('HOME_IN_USE', `another process uses ${folder}; stop it, or choose another folder with --home`, {
        cause: thrown,
        detail: { folder },
      })
    if (code === 'LEVEL_CORRUPTION')
      throw new FatalError('STORE_UNREADABLE', `${folder} is damaged; move it away and let the peer fetch again what it owes`, {
        cause: thrown,
        detail: { folder },
      })
    throw diskError(thrown, folder)
  }
}
