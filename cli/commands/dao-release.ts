import path from 'node:path'
import { RefusedError } from '../../core/errors/index.ts'
import { cutInto, daoFolder, logger, openRoleHome, replayFolder } from '../wiring/index.ts'
import { numberFlag, print, printJson, type Run, settingOf } from '../program/index.ts'

export const run: Run = async (_args, flags) => {
  const folder = daoFolder(settingOf('home', flags) as string)
  const at = flags['at'] === undefined ? undefined : numberFlag(flags, 'at', 0)
  const { ledger, files } = await replayFolder(path.join(folder, 'log'), { at })
  await using home = await openRoleHome({ home: folder, listen: [], privateNetwork: true, logger: await logger('error') })
  const space = home.storage.public
  const release = await cutInto({
    ledger,
    files,
    get: (cid) => space.get(cid),
    folder: path.resolve(String(flags['out'])),
    ...(flags['through'] === undefined ? {} : { throughEpoch: numberFlag(flags, 'through', 0) }),
  })
  if (release === undefined) throw new RefusedError('NOTHING_TO_RELEASE', 'no vested record is left to release')
  const { entry, path: written } = release
  if (flags['json'] === true)
    printJson({ release: entry.release.toString(), records: entry.records, throughEpoch: entry.throughEpoch, folder: written })
  else print(`${entry.release.toString()}: ${entry.records} records through epoch ${entry.throughEpoch} in ${written}`)
}
