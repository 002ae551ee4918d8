/** A Python with what trainers read data with, installed once into the user's cache. */
import { createHash } from 'node:crypto'
import { access, readFile, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { makePython } from '../support/provide.ts'

const requirements = path.join(import.meta.dirname, 'requirements.txt')

/** Path of the interpreter; undefined when it is not installed. `QUERN_PYTHON` names another one. */
export async function findPython(): Promise<string | undefined> {
  const named = process.env['QUERN_PYTHON']
  if (named !== undefined) return named
  const folder = await folderOf()
  return access(path.join(folder, 'ready')).then(
    () => path.join(folder, 'bin', 'python'),
    () => undefined,
  )
}

export async function installPython(): Promise<void> {
  const folder = await folderOf()
  await makePython(folder, ['-r', requirements], 'SKIP_INTEROP')
  await writeFile(path.join(folder, 'ready'), '')
}

/** Another list of requirements is another folder. */
async function folderOf(): Promise<string> {
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16)
  return path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'quern', `python-${digest}`)
}
