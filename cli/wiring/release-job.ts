/** Cuts a release after each final epoch: files under `releases/<cid>`, blocks in the public space, pinned. */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from '../../core/effects/index.ts'
import { codeOf, FatalError } from '../../core/errors/index.ts'
import type { Operator, OperatorOptions } from '../../dao/operator/index.ts'
import { cutRelease, recordReader, type Release } from '../../dao/release/index.ts'
import { logOrigin } from '../../dao/log/index.ts'
import type { Ledger, LedgerFiles } from '../../dao/ledger/index.ts'
import { diskFolder, openParquet } from '../../dao/stores/index.ts'
import type { Block, GetBlock } from '../../schemas/wire/index.ts'

export interface CutOptions {
  ledger: Ledger
  files: LedgerFiles
  get: GetBlock
  throughEpoch?: number
  /** Gets one folder per release, named by its root CID. */
  folder: string
  /** Where the release's blocks go besides; they can be read only while it is being cut. */
  keep?: (block: Block) => Promise<void>
  signal?: AbortSignal
}

/** Writes a release below `folder`; gives it and where it lies. `undefined` when no record is left to release. */
export async function cutInto({
  ledger,
  files,
  get,
  throughEpoch,
  folder,
  keep,
  signal,
}: CutOptions): Promise<(Release & { path: string }) | undefined> {
  const { state } = ledger
  const work = path.join(folder, `.cutting-${randomUUID()}`)
  await mkdir(work, { recursive: true })
  try {
    using parquet = await openParquet({ folder: work })
    const readRecord = recordReader({ files, get })
    const root = (size: number): Uint8Array => {
      const found = ledger.rootAt(size)
      if (found === undefined) throw new FatalError('NO_ROOT', `no root of size ${size}`)
      return found
    }
    const log = { origin: logOrigin(state.id, 0), root: root(state.size) }
    const release = await cutRelease({
      state,
      files,
      readRecord,
      parquet,
      folder: diskFolder(work),
      log,
      ...(throughEpoch === undefined ? {} : { throughEpoch }),
      ...(signal === undefined ? {} : { signal }),
    })
    for await (const block of keep ? release.blocks() : []) {
      signal?.throwIfAborted()
      await keep?.(block)
    }
    const target = path.join(folder, release.root.toString())
    if (existsSync(target)) await rm(work, { recursive: true })
    else await rename(work, target)
    return { ...release, path: target }
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    if (codeOf(error) === 'NOTHING_TO_RELEASE' || codeOf(error) === 'CAPS_LEAVE_NOTHING') return undefined
    throw error
  }
}

export function releaseJob({ folder, logger }: { folder: string; logger: Logger }): NonNullable<OperatorOptions['release']> {
  return async (operator: Operator, epoch, signal) => {
    const space = operator.storage.public
    const release = await cutInto({
      ledger: operator.ledger,
      files: operator.files,
      get: (cid) => space.get(cid),
      throughEpoch: epoch,
      folder,
      keep: (block) => space.put([block]),
      signal,
    })
    if (release === undefined) return undefined
    await space.pin(release.root)
    logger.info('released', { epoch, release: release.root.toString(), records: release.entry.records })
    return release.entry
  }
}
