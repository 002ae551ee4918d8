/** The one secret a contributor of personal data must back up: 32 bytes, from which every subject key and owner's key comes. An age file under a passphrase. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { FatalError, InvalidInputError } from '../../../core/errors/index.ts'
import { diskError, writeFileDurably } from '../../../core/home/index.ts'
import { openWithPassphrase, sealWithPassphrase } from '../../../dao/custody/index.ts'

/** scrypt 2^18 takes seconds, as it should for what a person types once; tests give less. */
const WORK_FACTOR = 18
const MAX_FILE_BYTES = 4096

/** Makes a seed and writes it, never over another. Throws InvalidInputError SEED_EXISTS. */
export async function createRootSeed(file: string, passphrase: string, workFactor: number = WORK_FACTOR): Promise<Uint8Array> {
  if ((await readIf(file)) !== undefined)
    throw new InvalidInputError('SEED_EXISTS', `${file} is there already; it is what withdraws earlier consents`)
  const seed = new Uint8Array(randomBytes(32))
  await writeFileDurably(file, await sealWithPassphrase(seed, passphrase, workFactor))
  return seed
}

/** Throws FatalError SEED_MISSING, InvalidInputError SEED_UNREADABLE for another passphrase or another file. */
export async function openRootSeed(file: string, passphrase: string): Promise<Uint8Array> {
  const bytes = await readIf(file)
  if (bytes === undefined) throw new FatalError('SEED_MISSING', `${file} is not there; restore it from your backup`)
  const seed = await openWithPassphrase(bytes, passphrase).catch(() => undefined)
  if (seed?.byteLength !== 32) throw new InvalidInputError('SEED_UNREADABLE', `${file} does not open with this passphrase`)
  return seed
}

async function readIf(file: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = new Uint8Array(await readFile(file))
    return bytes.byteLength > MAX_FILE_BYTES ? new Uint8Array() : bytes
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw diskError(thrown, file)
  }
}
