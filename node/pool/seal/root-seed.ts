/** The one secret a contributor of personal data must back up: 32 bytes, from which every subject key and owner's key comes. An age file under a passphrase. */
import { randomBytes } from 'node:crypto'
import { constants, copyFile, link, readFile, rm, stat } from 'node:fs/promises'
import { FatalError, InvalidInputError } from '../../../core/errors/index.ts'
import { diskError, writeFileDurably } from '../../../core/home/index.ts'
import { openWithPassphrase, sealWithPassphrase } from '../../../dao/custody/index.ts'
import { fromHex, sha256, toHex, utf8 } from '../../../schemas/wire/index.ts'

/** scrypt 2^18 takes seconds, as it should for what a person types once; tests give less. */
const WORK_FACTOR = 18
const MAX_FILE_BYTES = 4096

/** Makes a seed and writes it, never over another. Throws InvalidInputError SEED_EXISTS. */
export async function createRootSeed(
  file: string,
  passphrase: string,
  workFactor: number = WORK_FACTOR,
  seed: Uint8Array = new Uint8Array(randomBytes(32)),
): Promise<Uint8Array> {
  await writeNew(file, async () => sealWithPassphrase(seed, passphrase, workFactor))
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

/** The same without a passphrase, in a file that its owner alone may read: for a machine that is its owner's alone. */
export async function createOwnerOnlySeed(file: string, seed: Uint8Array = new Uint8Array(randomBytes(32))): Promise<Uint8Array> {
  await writeNew(file, () => Promise.resolve(`${seedText(seed)}\n`))
  return seed
}

/** Whole or not at all, and never over another: of two that begin at once one is told. */
async function writeNew(file: string, make: () => Promise<Uint8Array | string>): Promise<void> {
  const exists = (): InvalidInputError =>
    new InvalidInputError('SEED_EXISTS', `${file} is there already; it is what withdraws earlier consents`)
  if ((await readIf(file)) !== undefined) throw exists()
  const content = await make()
  const whole = `${file}.${toHex(new Uint8Array(randomBytes(8)))}`
  try {
    await writeFileDurably(whole, content)
    await link(whole, file).catch((thrown: unknown) => {
      if (!NO_HARD_LINKS.has((thrown as NodeJS.ErrnoException).code ?? '')) throw thrown
      // exFAT, some shares and mounts: never over another still, but a crash in the middle leaves half a file, which opening names
      return copyFile(whole, file, constants.COPYFILE_EXCL)
    })
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') throw exists()
    throw diskError(thrown, file)
  } finally {
    await rm(whole, { force: true })
  }
}

const NO_HARD_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

/** Throws FatalError SEED_MISSING or KEY_FILE_OPEN, InvalidInputError SEED_UNREADABLE. */
export async function openOwnerOnlySeed(file: string): Promise<Uint8Array> {
  const bytes = await readIf(file)
  if (bytes === undefined) throw new FatalError('SEED_MISSING', `${file} is not there; restore it from your backup`)
  if (((await stat(file)).mode & 0o077) !== 0)
    throw new FatalError('KEY_FILE_OPEN', `${file} can be read by others; chmod 600 it, and think about who may have read it`)
  return readSeedText(new TextDecoder().decode(bytes))
}

const MARK = 'quern-pool-seed-1'

/** What a person writes down: the seed in hexadecimal, and four bytes that show a slip of the pen. */
export function seedText(seed: Uint8Array): string {
  return `${MARK} ${toHex(seed)} ${toHex(sha256(utf8(MARK), seed).subarray(0, 4))}`
}

/** Throws InvalidInputError SEED_UNREADABLE. */
export function readSeedText(text: string): Uint8Array {
  const found = /^quern-pool-seed-1\s+([0-9a-f]{64})\s+([0-9a-f]{8})$/.exec(text.trim().toLowerCase())
  const seed = found && fromHex(found[1] as string)
  if (seed === null || seedText(seed) !== `${MARK} ${found?.[1]} ${found?.[2]}`)
    throw new InvalidInputError('SEED_UNREADABLE', 'that is no backup of a root seed, or it has a slip of the pen; compare it once more')
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
