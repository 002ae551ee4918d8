// Runs in a folder where quern is installed: every door opens, the verifier's door loads no network, database or native module.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'

const loaded = []
registerHooks({
  load(url, context, next) {
    loaded.push(url)
    return next(url, context)
  },
})
const folder = path.resolve('node_modules/quern')
const { exports: doors, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
const HEAVY =
  /node_modules\/(libp2p|helia|undici|hono|pino|cheerio|@libp2p|@helia|@duckdb|@hono|[a-z]+-level)\/|^node:(net|http|https|sqlite)$|\.node$/
await import('quern/dao/verify')
const heavy = loaded.filter((url) => HEAVY.test(url))
if (heavy.length > 0) throw new Error(`quern/dao/verify loads ${heavy.slice(0, 5).join(' ')}`)
for (const door of Object.keys(doors)) {
  const names = Object.keys(await import(`quern${door.slice(1)}`))
  if (names.length === 0) throw new Error(`quern${door.slice(1)} is empty`)
  console.log(`quern${door.slice(1)}: ${names.length} names`)
}
const quern = (...args) => execFileSync(process.execPath, [path.join(folder, 'dist/cli/main.js'), ...args], { encoding: 'utf8' })
if (quern('--version').trim() !== version) throw new Error('quern --version and package.json differ')
const times = Array.from({ length: 7 }, () => {
  const start = performance.now()
  quern('--help')
  return Math.round(performance.now() - start)
}).toSorted((a, b) => a - b)
console.log(`quern --help: ${times[0]} to ${times.at(-1)} ms, median ${times[3]} ms`)
