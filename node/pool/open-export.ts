import { open, stat } from 'node:fs/promises'
import path from 'node:path'
import { InvalidInputError } from '../../core/errors/index.ts'
import { LIMITS, type Limits } from './limits.ts'
import { fileAt, readFolder } from './open-folder.ts'
import { openZip, type OpenExport } from './open-zip.ts'

/** A zip archive, a folder or a single file of an export, whatever it is called. Throws InvalidInputError; NOT_FOUND where nothing is. */
export async function openExport(where: string, limits: Limits = LIMITS): Promise<OpenExport> {
  const facts = await stat(where).catch((cause: unknown) =>
    Promise.reject(new InvalidInputError('NOT_FOUND', `there is nothing to read at ${where}`, { cause })),
  )
  const plain = (files: OpenExport['files']): OpenExport => ({ files, async [Symbol.asyncDispose]() {} })
  if (facts.isDirectory()) return plain(await readFolder(where, limits))
  if (!facts.isFile()) throw new InvalidInputError('NOT_FOUND', `${where} is neither a file nor a folder`)
  if (facts.size === 0) throw new InvalidInputError('TRUNCATED', 'the file is empty; fetch the export again')
  const magic = await firstBytes(where)
  if (magic.startsWith('504b') || /\.zip$/i.test(where)) return openZip(where, limits)
  if (/^(?:1f8b|377abcaf|52617221|425a68|fd377a|28b52ffd)/.test(magic))
    throw new InvalidInputError('NOT_A_ZIP', 'this kind of archive is not opened; unpack it and give the folder')
  return plain([await fileAt(where, path.basename(where), limits)])
}

async function firstBytes(where: string): Promise<string> {
  await using handle = await open(where, 'r')
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0)
  return buffer.subarray(0, bytesRead).toString('hex')
}
