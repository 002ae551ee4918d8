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
// threads start from what was installed, and do the work themselves: one that cannot start fails its page
const { WorkerPool } = await import('quern/node')
const { CURRENT_PIPELINE, noRules, requestHead, responseHead } = await import('quern/schemas')
const { setTimeout: sleep } = await import('node:timers/promises')
const clock = { now: () => Date.now(), sleep: (ms, signal) => sleep(ms, undefined, { signal, ref: false }) }
const pool = new WorkerPool({ clock, size: 2 })
const url = 'http://127.0.0.1/mill'
const page =
  '<title>Mill</title><article><p>Grain is milled between two stones, and everyone can see how much each one brought.</p></article>'
const results = await Promise.all(
  [1, 2].map(() =>
    pool.work({
      exchange: {
        url,
        status: 200,
        headers: [['Content-Type', 'text/html']],
        requestHead: requestHead(url, []),
        responseHead: responseHead(200, 'OK', [['Content-Type', 'text/html']]),
        body: new TextEncoder().encode(page),
        fetchedAt: 0,
        remoteAddress: null,
        truncated: false,
      },
      via: null,
      rules: noRules,
      fact: null,
      agentToken: 'Quern',
      pipeline: CURRENT_PIPELINE,
      qualityWeights: {},
      selectors: [],
      profile: 'standard',
      linksOnly: false,
    }),
  ),
)
if (pool.size !== 2 || results.some(({ outcome }) => outcome !== 'KEPT'))
  throw new Error(`threads of the installed package: ${pool.size} run, ${results.map(({ outcome }) => outcome).join(' ')}`)
await pool[Symbol.asyncDispose]()
console.log('two threads of the installed package worked on a page each')
