/** A zip archive as files to read, or a refusal. The central directory is judged whole before a byte is unpacked; nothing is written. */
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32 } from 'node:zlib'
import yauzl, { type Entry, type ZipFile } from 'yauzl'
import { InvalidInputError } from '../../core/errors/index.ts'
import type { ExportFile } from '../../schemas/activity/index.ts'
import type { Limits } from './limits.ts'

const NESTED = /\.(?:zip|7z|rar|tar|gz|tgz|bz2|xz|zst|jar)$/i
const [TYPE_MASK, SYMLINK, FOLDER, PLAIN] = [0o170000, 0o120000, 0o040000, 0o100000]

export interface OpenExport extends AsyncDisposable {
  files: ExportFile[]
}

/** Throws InvalidInputError BAD_ZIP, TRUNCATED, UNSAFE_PATH, TOO_MANY_FILES, TOO_LARGE, ZIP_BOMB, NESTED_ARCHIVE, SYMLINK, ENCRYPTED. */
export async function openZip(path: string, limits: Limits): Promise<OpenExport> {
  let zip: ZipFile
  try {
    zip = await yauzl.openPromise(path, { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true })
  } catch (cause) {
    throw zipError(cause)
  }
  try {
    const entries = await readDirectory(zip, limits)
    judge(entries, limits)
    const files = entries
      .filter(({ fileName }) => !fileName.endsWith('/'))
      .map((entry): ExportFile => ({ path: entry.fileName, bytes: entry.uncompressedSize, open: () => unpack(zip, entry) }))
    return {
      files,
      async [Symbol.asyncDispose]() {
        zip.close()
      },
    }
  } catch (error) {
    zip.close()
    throw zipError(error)
  }
}

async function readDirectory(zip: ZipFile, limits: Limits): Promise<Entry[]> {
  if (zip.entryCount > limits.entries)
    throw new InvalidInputError(
      'TOO_MANY_FILES',
      `an archive of more than ${limits.entries} files is not taken; unpack it and name the folder that matters`,
    )
  const entries: Entry[] = []
  for await (const entry of zip.eachEntry()) {
    if (entries.length >= limits.entries)
      throw new InvalidInputError('TOO_MANY_FILES', `an archive of more than ${limits.entries} files is not taken`)
    entries.push(entry)
  }
  return entries
}

function judge(entries: readonly Entry[], limits: Limits): void {
  const names = new Set<string>()
  let total = 0
  for (const entry of entries) {
    const { fileName, uncompressedSize, compressedSize } = entry
    const type = (entry.externalFileAttributes >>> 16) & TYPE_MASK
    if (type === SYMLINK) throw new InvalidInputError('SYMLINK', 'the archive holds a symbolic link; no export does')
    if (type !== 0 && type !== FOLDER && type !== PLAIN)
      throw new InvalidInputError('SYMLINK', 'the archive holds something that is neither file nor folder; no export does')
    // oxlint-disable-next-line no-control-regex
    if (/[\u0000-\u001f]/.test(fileName) || fileName.length > limits.pathUnits)
      throw new InvalidInputError('UNSAFE_PATH', 'the archive holds a name that no export has')
    if (names.has(fileName)) throw new InvalidInputError('BAD_ZIP', 'the archive holds two files of one name; no export does')
    names.add(fileName)
    if (entry.isEncrypted())
      throw new InvalidInputError('ENCRYPTED', 'the archive is encrypted; unpack it with its password and give the folder')
    if (NESTED.test(fileName))
      throw new InvalidInputError('NESTED_ARCHIVE', 'the archive holds another archive, which is not opened; unpack it and give the folder')
    if (uncompressedSize > limits.entryBytes)
      throw new InvalidInputError('TOO_LARGE', `the archive holds a file of more than ${limits.entryBytes / 2 ** 20} MiB`)
    if (uncompressedSize > limits.ratioFromBytes && uncompressedSize > compressedSize * limits.ratio) throw bomb()
    total += uncompressedSize
    if (total > limits.totalBytes)
      throw new InvalidInputError('TOO_LARGE', `the archive unpacks to more than ${limits.totalBytes / 2 ** 30} GiB`)
  }
  // files that share their packed bytes multiply them
  const placed = entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader)
  for (const [i, { relativeOffsetOfLocalHeader, compressedSize }] of placed.entries()) {
    const next = placed[i + 1]
    if (next !== undefined && relativeOffsetOfLocalHeader + 30 + compressedSize > next.relativeOffsetOfLocalHeader) throw bomb()
  }
}

const bomb = (): InvalidInputError => new InvalidInputError('ZIP_BOMB', 'the archive unpacks to far more than it is; no export does')

/** The bytes of one entry; their number and checksum are compared with what the directory says. */
async function* unpack(zip: ZipFile, entry: Entry): AsyncGenerator<Uint8Array> {
  let sum = 0
  let size = 0
  try {
    const source = await zip.openReadStreamPromise(entry)
    const check = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        sum = crc32(chunk, sum)
        size += chunk.length
        done(null, chunk)
      },
    })
    const piped = pipeline(source, check).catch(() => {})
    try {
      yield* check as AsyncIterable<Uint8Array>
    } finally {
      source.destroy()
      check.destroy()
      await piped
    }
  } catch (error) {
    throw zipError(error)
  }
  if (size !== entry.uncompressedSize || sum !== entry.crc32)
    throw new InvalidInputError('BAD_ZIP', 'a file of the archive is damaged; fetch the export again')
}

/** yauzl says in words what is wrong; the words may hold a name, the code never does. */
function zipError(thrown: unknown): unknown {
  if (thrown instanceof InvalidInputError) return thrown
  const { message = '', code } = thrown as { message?: string; code?: string }
  if (/invalid relative path|absolute path|invalid characters in fileName/i.test(message))
    return new InvalidInputError('UNSAFE_PATH', 'the archive holds a path that leads out of it; no export does')
  if (/end of central directory|unexpected EOF|truncated/i.test(message) || code === 'Z_BUF_ERROR')
    return new InvalidInputError('TRUNCATED', 'the archive is no zip, or it ends in the middle; fetch the export again')
  if (/too many bytes|not enough bytes/i.test(message))
    return new InvalidInputError('ZIP_BOMB', 'a file of the archive is not of the size that the archive says')
  if (
    /^Z_|zip|compression|header|signature|offset|field|entr|invalid|size/i.test(`${code ?? ''}${message}`) &&
    !/^E[A-Z]+$/.test(code ?? '')
  )
    return new InvalidInputError('BAD_ZIP', 'the archive is damaged; fetch the export again')
  return thrown
}
