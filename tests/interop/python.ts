/** A Python with what trainers read data with, installed once into the user's cache. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const requirements = path.join(import.meta.dirname, 'requirements.txt')

/** Path of the interpreter; undefined when there is none and nobody required one (`REQUIRE_INTEROP=1` installs, `QUERN_PYTHON` names one). */
export async function findPython(): Promise<string | undefined> {
  const named = process.env['QUERN_PYTHON']
  if (named !== undefined) return named
  const digest = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
    .slice(0, 16)
  const cache = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'quern', `python-${digest}`)
  const python = path.join(cache, 'bin', 'python')
  const ready = path.join(cache, 'ready')
  const found = await access(ready).then(
    () => true,
    () => false,
  )
  if (found) return python
  if (process.env['REQUIRE_INTEROP'] !== '1') return undefined
  await run('python3', ['-m', 'venv', '--clear', cache])
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements], { maxBuffer: 64 << 20 })
  await run(python, ['-c', `open(${JSON.stringify(ready)}, 'w').close()`])
  return python
}
