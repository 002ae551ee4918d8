/** A Python with packages from PyPI in a folder of its own, made once per set of packages. */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { makePython } from '../support/provide.ts'

const PACKAGES = ['duckdb==2.0.0', 'pandas==3.1.1', 'pyarrow==26.0.1', 'warcio==1.8.1', 'cdxj-indexer==1.5.0']
const name = createHash('sha256').update(PACKAGES.join('\n')).digest('hex').slice(0, 16)
const folder = path.join(os.tmpdir(), `quern-python-${name}`)
const ready = path.join(folder, 'ready')

/** Path of the interpreter; undefined when it is not installed. */
export const findPython = (): string | undefined => (existsSync(ready) ? path.join(folder, 'bin', 'python') : undefined)

export async function installPython(): Promise<void> {
  await makePython(folder, PACKAGES, 'SKIP_REAL')
  await writeFile(ready, '')
}
