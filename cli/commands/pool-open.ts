import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError, ProofError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { existsSync } from 'node:fs'
import { print, printable, printJson, type Run, say } from '../program/index.ts'
import { holdAgainst, trustedOperator, unvouched } from '../wiring/index.ts'
import { identityIn } from './age-identity.ts'

export const run: Run = async ([bundle], flags) => {
  const [identityFile, out] = [flags['identity'], String(flags['out'])]
  if (bundle === undefined) throw new UsageError('BUNDLE_MISSING', 'which bundle? "quern pool open FILE.age --identity KEY --out DIR"')
  if (typeof identityFile !== 'string') throw new UsageError('IDENTITY_MISSING', 'give the file of your age identity with --identity')
  if (existsSync(out)) throw new InvalidInputError('FOLDER_EXISTS', `${out} exists; name a new folder with --out`)
  const identity = await identityIn(identityFile)
  const parent = path.dirname(path.resolve(out))
  await mkdir(parent, { recursive: true })
  const work = await mkdtemp(path.join(parent, '.opening-'))
  try {
    await mkdir(path.join(work, 'data'))
    const { openBundle } = await openPoolReleases()
    const opened = await openBundle({
      pieces: createReadStream(bundle).on('error', () => undefined),
      identity,
      write: (name, bytes) => writeFile(path.join(work, name), bytes, { mode: 0o600 }),
    }).catch((thrown: unknown) => {
      if ((thrown as { code?: string }).code === 'ENOENT') throw new InvalidInputError('FILE_UNREADABLE', `cannot read ${bundle}`)
      if (thrown instanceof ProofError) throw new RefusedError(thrown.code, thrown.message, { detail: thrown.detail })
      throw thrown
    })
    const { release, people, rows, files } = opened
    const trusted = await trustedOperator(flags)
    holdAgainst(trusted, release.value, bundle)
    if (trusted === undefined) say(`quern: ${unvouched(release.value.by)}`)
    await rename(work, path.resolve(out))
    const { value, cid } = release
    const facts = { release: cid.toString(), name: value.name, operator: value.by, trainer: value.trainer, purposes: value.purposes }
    if (flags['json'] === true) printJson({ ...facts, rows, people, files, folder: out })
    else
      print(
        printable(
          `${rows} rows of ${people} people in ${out}, as the manifest signed by ${value.by} says.\nFor: ${value.purposes.join(', ')}. Read README.txt, and run "quern pool check ${out}" before every training.`,
        ),
      )
    return 0
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
