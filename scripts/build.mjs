// Makes dist/, what is published: JavaScript and types of every floor, and the data files that lie beside the sources.
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

const root = path.dirname(import.meta.dirname)
const dist = path.join(root, 'dist')
const FLOORS = ['schemas', 'core', 'dao', 'node', 'validator', 'sim', 'cli']
/** Saved pages and other material of tests lie beside the sources too, but nobody needs them installed. */
const isPublished = (file) => !/\.ts$|(^|\/)fixtures\//.test(file)

rmSync(dist, { recursive: true, force: true })
execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), '-p', path.join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
})
let copied = 0
for (const floor of FLOORS)
  for (const entry of readdirSync(path.join(root, floor), { recursive: true, withFileTypes: true })) {
    const file = path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/')
    if (!entry.isFile() || !isPublished(file)) continue
    cpSync(path.join(root, file), path.join(dist, file))
    copied++
  }
chmodSync(path.join(dist, 'cli/main.js'), 0o755)
console.log(`dist/: ${FLOORS.join(', ')}, and ${copied} data files`)
