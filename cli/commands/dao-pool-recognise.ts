import { open } from 'node:fs/promises'
import { InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { equalBytes } from '../../schemas/wire/index.ts'
import { print, printable, printJson, type Run, settingOf } from '../program/index.ts'
import { canaryKeyIn, daoFolder, releasesMadeIn } from '../wiring/index.ts'

/** Exit 3 when a release is recognised: two of its made-up rows or more stand in the text. */
export const run: Run = async ([file], flags) => {
  if (file === undefined) throw new UsageError('FILE_MISSING', 'which text? Lines of a copy, or what a model says')
  const folder = daoFolder(settingOf('home', flags) as string)
  const releases = await releasesMadeIn(folder)
  if (releases.length === 0) throw new RefusedError('NO_RELEASES', `no release of a pool was made in ${folder}`)
  const room = await openPoolReleases()
  const key = await canaryKeyIn(folder)
  const told = []
  for (const { cid, value } of releases) {
    const { name, trainer, canaries } = value
    const releaseKey = room.canaryKeyOf(key, value)
    if (!equalBytes(room.canaryCommit(releaseKey), canaries.commit))
      throw new InvalidInputError('OTHER_KEY', `the canaries of ${name} were made with another canary.key than that in ${folder}`)
    const { found, of } = await room.recognise({ releaseKey, count: canaries.count }, linesOf(file))
    told.push({ release: cid.toString(), name, trainer, found, of, recognised: found > 1 })
  }
  if (flags['json'] === true) printJson({ releases: told })
  else
    for (const { name, trainer, found, of, recognised } of told)
      print(printable(`${name}  ${found} of ${of} made-up rows${recognised ? `: this comes from what ${trainer} got` : ''}`))
  return told.some(({ recognised }) => recognised) ? 3 : 0
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new InvalidInputError('FILE_UNREADABLE', `cannot read ${file}`, { cause })
  })
  try {
    yield* handle.readLines({ autoClose: false })
  } finally {
    await handle.close()
  }
}
