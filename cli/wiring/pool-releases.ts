/** Releases of a pool on disk: what the operator keeps of each, the key of its canaries, and the withdrawals of a log in order. */
import { existsSync } from 'node:fs'
import { open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../core/errors/index.ts'
import { makeFolder, writeFileDurably } from '../../core/home/index.ts'
import { openKeyFile, type Signer } from '../../core/identity/index.ts'
import { LogReader, peekCheckpoint } from '../../dao/log/index.ts'
import { createLedger, type Ledger } from '../../dao/ledger/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import type { BundleSink, NamedRelease } from '../../dao/pool-release/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import {
  type CID,
  fromHex,
  MAX_POOL_RELEASE_BYTES,
  MAX_RELEASE_SECRET_BYTES,
  type PoolReleaseSecret,
  toHex,
} from '../../schemas/wire/index.ts'
import { secureBytes } from './system.ts'

export interface ReplayedPool {
  ledger: Ledger
  files: DiskFiles
  /** Signed withdrawals that the fold took, in the order of the log. */
  withdrawals: Uint8Array[]
}

/** Replays a copy of a log. Throws InvalidInputError NO_CHECKPOINT. */
export async function replayPool(folder: string): Promise<ReplayedPool> {
  const store = await openDiskLogStore(folder)
  const note = await store.read('checkpoint')
  if (note === undefined) throw new InvalidInputError('NO_CHECKPOINT', `${folder} holds no checkpoint; is it the log folder of a DAO?`)
  const { size } = peekCheckpoint(new TextDecoder().decode(note))
  const reader = new LogReader(store, size)
  const files = new DiskFiles(path.join(folder, 'files'))
  const ledger = createLedger({ files })
  const withdrawals: Uint8Array[] = []
  for (let from = 0; from < size; from += 256)
    for (const bytes of await reader.entries(from, Math.min(size, from + 256))) {
      const { entry } = ledger.apply(bytes)
      if (entry?.t === 'consent.withdrawn') withdrawals.push(entry.p.withdrawal)
    }
  return { ledger, files, withdrawals }
}

const releasesIn = (daoFolder: string): string => path.join(daoFolder, 'pool-releases')

/** 32 bytes, made once: without them no canary is recognised. */
export async function canaryKeyIn(daoFolder: string): Promise<Uint8Array> {
  const folder = releasesIn(daoFolder)
  await makeFolder(folder)
  const file = path.join(folder, 'canary.key')
  if (!existsSync(file)) await writeFile(file, `${toHex(secureBytes(32))}\n`, { flag: 'wx', mode: 0o600 })
  const key = fromHex((await readFile(file, 'utf8')).trim())
  if (key.byteLength !== 32) throw new InvalidInputError('KEY_DAMAGED', `${file} is not what this program wrote`)
  return key
}

/** The account that puts releases together: not the operator's, whose peer is the DAO's service. */
export const assemblerKey = (daoFolder: string): Promise<Signer> => openKeyFile(path.join(daoFolder, 'keys', 'assembler.key'))

/** What proves inclusion, and what everybody may read of it: on disk before the log names the release. */
export async function keepRelease(
  daoFolder: string,
  { secret, release }: { secret: PoolReleaseSecret; release: NamedRelease },
): Promise<void> {
  const { encodeReleaseSecret } = await openPoolReleases()
  const name = path.join(releasesIn(daoFolder), release.cid.toString())
  await writeFileDurably(`${name}.secret`, encodeReleaseSecret(secret))
  await writeFileDurably(`${name}.cbor`, release.bytes)
}

/** The public manifests of all releases that were made here, by name of file. */
export async function releasesMadeIn(daoFolder: string): Promise<NamedRelease[]> {
  const folder = releasesIn(daoFolder)
  const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith('.cbor')) : []
  const { readPoolRelease } = await openPoolReleases()
  const releases: NamedRelease[] = []
  for (const name of names.toSorted()) {
    const read = readPoolRelease(await readAtMost(path.join(folder, name), MAX_POOL_RELEASE_BYTES))
    if (!read.ok) throw new InvalidInputError(read.code, `${path.join(folder, name)}: ${read.message}`)
    releases.push(read)
  }
  return releases
}

/** The public manifest of a release that was made here. */
export async function readReleaseManifest(daoFolder: string, release: CID): Promise<Uint8Array | undefined> {
  const file = path.join(releasesIn(daoFolder), `${release.toString()}.cbor`)
  return existsSync(file) ? readAtMost(file, MAX_POOL_RELEASE_BYTES) : undefined
}

export async function readReleaseSecret(daoFolder: string, release: CID): Promise<PoolReleaseSecret | undefined> {
  const file = path.join(releasesIn(daoFolder), `${release.toString()}.secret`)
  if (!existsSync(file)) return undefined
  return (await openPoolReleases()).readReleaseSecret(await readAtMost(file, MAX_RELEASE_SECRET_BYTES))
}

/** A file of at most so many bytes. Throws InvalidInputError FILE_UNREADABLE or TOO_LARGE. */
export async function readAtMost(file: string, most: number): Promise<Uint8Array> {
  const handle = await open(file, 'r').catch((cause: unknown) => {
    throw new InvalidInputError('FILE_UNREADABLE', `cannot read ${file}`, { cause })
  })
  try {
    if ((await handle.stat()).size > most) throw new InvalidInputError('TOO_LARGE', `${file} has more than ${most} bytes`)
    return new Uint8Array(await handle.readFile())
  } finally {
    await handle.close()
  }
}

/** An age file that is there when it is whole, and not before. */
export function fileSink(file: string): BundleSink {
  const part = `${file}.part`
  return {
    async open() {
      const handle = await open(part, 'w', 0o600)
      return {
        write: (piece) => handle.writeFile(piece),
        close: async () => {
          await handle.sync()
          await handle.close()
          await rename(part, file)
        },
        discard: async () => {
          await handle.close()
          await rm(part, { force: true })
        },
      }
    },
  }
}
