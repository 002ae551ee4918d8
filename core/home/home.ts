/** The home folder: everything that one peer keeps. Its VERSION file says which layout it has. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { FatalError, InvalidInputError } from '../errors/index.ts'
import { diskError, makeFolder, writeFileDurably } from './disk.ts'

/** Raised by any change that an older program would misread. */
const HOME_VERSION = 1

/**
 * Makes the folder, or checks that this program may use the one that is there. Gives its path, absolute.
 * Throws FatalError HOME_TOO_NEW, InvalidInputError HOME_BAD_VERSION, or what the disk says.
 */
export async function openHome(folder: string): Promise<string> {
  const home = path.resolve(folder)
  await makeFolder(home)
  const file = path.join(home, 'VERSION')
  const text = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT') return undefined
    throw diskError(thrown, file)
  })
  if (text === undefined) {
    await writeFileDurably(file, `${HOME_VERSION}\n`)
    return home
  }
  if (!/^[1-9][0-9]{0,8}\n?$/.test(text))
    throw new InvalidInputError('HOME_BAD_VERSION', `${file} does not hold a version number; is ${home} a home folder of quern?`)
  const version = Number(text)
  if (version > HOME_VERSION)
    throw new FatalError(
      'HOME_TOO_NEW',
      `${home} was written by a newer quern (layout ${version}, this program knows ${HOME_VERSION}); install the newer version, or choose another folder with --home`,
      { detail: { version, known: HOME_VERSION } },
    )
  return home
}
