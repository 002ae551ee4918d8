/** Size of a production install from the lockfile in a temporary folder, packages and MB; target < 260 MB. Asks the npm registry for what its cache lacks. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const TARGET_MB = 260
const root = path.join(import.meta.dirname, '..')
const mb = (size: number): string => `${(size / 1e6).toFixed(0)} MB`
const folder = mkdtempSync(path.join(tmpdir(), 'quern-install-'))
try {
  for (const name of ['package.json', 'package-lock.json', '.npmrc', 'stubs'])
    if (existsSync(path.join(root, name))) cpSync(path.join(root, name), path.join(folder, name), { recursive: true })
  const { status, stderr } = spawnSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`npm ci ended with ${status}: ${stderr}`)
  const modules = path.join(folder, 'node_modules')
  let bytes = 0
  let packages = 0
  const sizes = new Map<string, number>()
  for (const entry of readdirSync(modules, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name)
    const where = path.relative(modules, file).split(path.sep)
    if (entry.name === 'package.json' && /(^|\/)(@[^/]+\/)?[^@/][^/]*\/package\.json$/.test(where.slice(-3).join('/'))) {
      const above = where.at(-2)
      if (where.length === 2 || where.at(-3) === 'node_modules' || (where.at(-3)?.startsWith('@') === true && above !== undefined))
        packages++
    }
    if (!entry.isFile()) continue
    const { size } = lstatSync(file)
    bytes += size
    const top = where[0]?.startsWith('@') === true ? where.slice(0, 2).join('/') : (where[0] ?? '')
    sizes.set(top, (sizes.get(top) ?? 0) + size)
  }
  console.log(`${packages} packages, ${mb(bytes)}`)
  for (const [name, size] of [...sizes].toSorted((a, b) => b[1] - a[1]).slice(0, 5)) console.log(`  ${mb(size).padStart(7)}  ${name}`)
  if (bytes > TARGET_MB * 1e6) {
    console.error(`missed: more than ${TARGET_MB} MB`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true })
}
