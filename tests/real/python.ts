/** A Python with packages from PyPI in a folder of its own, made once per set of packages. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Path of the interpreter; undefined where Python or its packages cannot be had. */
export async function pythonWith(packages: string[]): Promise<string | undefined> {
  const name = createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 16)
  const folder = path.join(os.tmpdir(), `quern-python-${name}`)
  const python = path.join(folder, 'bin', 'python')
  const ready = path.join(folder, 'ready')
  if (existsSync(ready)) return python
  try {
    await run('python3', ['-m', 'venv', '--clear', folder])
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], { maxBuffer: 64 << 20 })
    await writeFile(ready, '')
    return python
  } catch {
    return undefined
  }
}
