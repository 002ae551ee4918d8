/** Key files: PKCS#8 PEM (RFC 8410), so that openssl reads them too; owner-only, written whole or not at all. */
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { link, mkdir, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { FatalError, InvalidInputError, RefusedError } from '../errors/index.ts'
import { type Signer, signerOf } from './signer.ts'

const MAX_BYTES = 4096

/**
 * The key in `file`; when there is none, a new one is made there (0600, on disk before this resolves).
 * Throws RefusedError KEY_FILE_EXPOSED when group or others may read it, InvalidInputError KEY_FILE_BAD when it holds no Ed25519 key,
 * FatalError KEY_FILE_UNREADABLE or KEY_FILE_UNWRITABLE. A key file is never overwritten.
 */
export async function openKeyFile(file: string): Promise<Signer> {
  return (await readKey(file)) ?? (await createKey(file))
}

async function readKey(file: string): Promise<Signer | undefined> {
  let pem: string
  try {
    await using handle = await open(file, 'r')
    const { mode, size } = await handle.stat()
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new RefusedError(
        'KEY_FILE_EXPOSED',
        `other users may read ${file}; run: chmod 600 ${file} (and make a new key if somebody did)`,
        {
          detail: { file, mode: (mode & 0o777).toString(8) },
        },
      )
    if (size > MAX_BYTES) throw notAKey(file, `${size} bytes are too many`)
    pem = await handle.readFile('utf8')
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return undefined
    if (isErrno(cause)) throw new FatalError('KEY_FILE_UNREADABLE', `cannot read ${file}; check that this user owns it`, { cause })
    throw cause
  }
  try {
    return signerOf(createPrivateKey({ key: pem, format: 'pem' }))
  } catch {
    // the parser's words may quote the file: they stay out
    throw notAKey(file, 'no Ed25519 private key in PEM form')
  }
}

/** Temporary file, fsync, link, fsync of the folder: a crash leaves no half key, and of two processes that start at once one wins and both use its key. */
async function createKey(file: string): Promise<Signer> {
  const { privateKey } = generateKeyPairSync('ed25519')
  const folder = path.dirname(file)
  const temporary = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    {
      await using handle = await open(temporary, 'wx', 0o600)
      await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }))
      await handle.sync()
    }
    await link(temporary, file)
    await using directory = await open(folder, 'r')
    await directory.sync()
    return signerOf(privateKey)
  } catch (cause) {
    if (isErrno(cause, 'EEXIST')) {
      const theirs = await readKey(file)
      if (theirs !== undefined) return theirs
    }
    if (isErrno(cause))
      throw new FatalError('KEY_FILE_UNWRITABLE', `cannot create ${file}; check that its folder can be written`, { cause })
    throw cause
  } finally {
    await rm(temporary, { force: true })
  }
}

const notAKey = (file: string, why: string): InvalidInputError =>
  new InvalidInputError(
    'KEY_FILE_BAD',
    `${file} is no key file: ${why}; restore it from a backup, or move it away to start with a new identity`,
    {
      detail: { file },
    },
  )

const isErrno = (thrown: unknown, code?: string): boolean =>
  thrown instanceof Error && 'code' in thrown && 'syscall' in thrown && (code === undefined || thrown.code === code)
