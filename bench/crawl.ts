/**
 * Crawling and structuring real manuals against Crawlee, wget and a bare parse, in turn: `[HOSTS] [ROUNDS] [SIDES]`, 38 3 all unless said.
 *
 * That is all that tests/real crawls: 6,712 pages, half an hour on two idle cores; `16 3` is 2,663 pages, eight minutes. SIDES are names
 * out of the table with commas between, say `ours-2,bare`.
 */
import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { compiled } from './crawl/compiled.ts'
import type { OursJob } from './crawl/ours.ts'
import { installPeers, requireSite, serveSite } from './crawl/site.ts'
import { calibrate, median } from './interleave.ts'

/** One run of one side. */
interface Run {
  pages: number
  wallMs: number
  cpuMs: number
  rssMb: number
  /** CPU of the main thread alone, where the side tells it. */
  mainMs?: number
  /** Addresses of the pages, where the side found them itself. */
  list?: Set<string>
}

type Measure = 'wall' | 'cpu'
/** Rate of a over rate of b; a target is met when the ratio is at least `least`. */
const TARGETS: { what: string; a: string; b: string; by: Measure; least: number }[] = [
  { what: 'CPU a page, best Crawlee over ours', a: 'ours-2', b: 'crawlee-memory', by: 'cpu', least: 6 },
  { what: 'pages/s, ours over best Crawlee', a: 'ours-2', b: 'crawlee-memory', by: 'wall', least: 10 },
  { what: 'pages/s, ours over Crawlee as it comes', a: 'ours-2', b: 'crawlee-disk', by: 'wall', least: 13 },
  { what: 'CPU share, bare fetch, hash, gzip, parse over ours', a: 'ours-2', b: 'bare', by: 'cpu', least: 0.45 },
  { what: 'pages/s, ours over wget -r with WARC', a: 'ours-2', b: 'wget', by: 'wall', least: 1 },
  { what: 'pages/s, two workers over one', a: 'ours-2', b: 'ours-1', by: 'wall', least: 1.75 },
  { what: 'pages/s, two workers over none', a: 'ours-2', b: 'ours-0', by: 'wall', least: 1.75 },
  { what: 'CPU, polite over impolite', a: 'ours-2', b: 'impolite-2', by: 'cpu', least: 1 / 1.1 },
]
const MOST_DRIFT = 1.15
const MOST_DIFFERENCE = 0.01
/** Before the rounds each side runs once over so many hosts. */
const WARM_HOSTS = 2

requireSite()
const hosts = Number(process.argv[2] ?? 38)
const rounds = Number(process.argv[3] ?? 3)
const exec = promisify(execFile)
const base = await mkdtemp(path.join(tmpdir(), 'quern-bench-crawl-'))
// goes last, when the server that writes into it has ended
await using _folder = { [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }) }
const here = path.join(import.meta.dirname, 'crawl')
await using site = await serveSite(path.join(base, 'nginx'), hosts)
const scripts = compiled(path.join(base, 'scripts'))
const peers = path.join(base, 'peers')
/** Those of the run that is next. */
let seeds = site.seeds
const listFile = path.join(base, 'list.txt')

/** What the container and `npm start` run every role with; the peers get Node as it comes. */
const OUR_FLAGS = ['--max-semi-space-size=4']

/** The last line of what a process prints is its run. */
async function node(script: string, argument: string, { cwd = import.meta.dirname, flags = [] as string[] } = {}): Promise<Run> {
  const args = ['--disable-warning=ExperimentalWarning', ...flags, script, argument]
  const { stdout } = await exec(process.execPath, args, { cwd, maxBuffer: 64 << 20 })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Run
}

const readList = (file: string): Set<string> => new Set(readFileSync(file, 'utf8').split('\n'))

async function ours(workers: number, isPolite = true): Promise<Run> {
  const out = path.join(base, 'ours')
  rmSync(out, { recursive: true, force: true })
  const job: OursJob = { seeds, allowPrivate: site.allowPrivate, out, workers, isPolite, list: `${listFile}.ours` }
  const run = await node(path.join(scripts, 'ours.js'), JSON.stringify(job), { flags: OUR_FLAGS })
  return { ...run, list: readList(`${listFile}.ours`) }
}

async function crawlee(storage: 'memory' | 'disk'): Promise<Run> {
  const folder = path.join(peers, 'storage')
  rmSync(folder, { recursive: true, force: true })
  const list = `${listFile}.crawlee`
  const run = await node(path.join(peers, 'crawlee.mjs'), JSON.stringify({ seeds, storage, list, folder }), { cwd: peers })
  return { ...run, list: readList(list) }
}

/** bash tells the CPU time of a process that is not Node. */
async function wget(): Promise<Run> {
  const folder = path.join(base, 'wget')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const command = `TIMEFORMAT='%R %U %S'; time wget -q -r -l inf -nH --warc-file=w --warc-cdx ${seeds.join(' ')} || true`
  const { stderr } = await exec('bash', ['-c', command], { cwd: folder, maxBuffer: 64 << 20 })
  const [wall = 0, user = 0, system = 0] = (stderr.trimEnd().split('\n').at(-1) ?? '').split(' ').map(Number)
  const rows = readFileSync(path.join(folder, 'w.cdx'), 'utf8').split('\n').slice(1)
  const list = new Set(
    rows
      .map((row) => row.split(' '))
      .filter(([, , , type, status]) => type === 'text/html' && status === '200')
      .map(([url]) => url ?? ''),
  )
  return { pages: list.size, wallMs: wall * 1000, cpuMs: (user + system) * 1000, rssMb: 0, list }
}

const sides: Record<string, () => Promise<Run>> = {
  'ours-2': () => ours(2),
  'ours-1': () => ours(1),
  // all of it in the main thread
  'ours-0': () => ours(0),
  'impolite-2': () => ours(2, false),
  bare: () => node(path.join(scripts, 'bare.js'), listFile),
  wget,
  'crawlee-memory': () => crawlee('memory'),
  'crawlee-disk': () => crawlee('disk'),
}
const wanted = process.argv[4] === undefined ? Object.keys(sides) : process.argv[4].split(',')
const runs: Record<string, Run[]> = Object.fromEntries(wanted.map((name) => [name, []]))
const fixed: number[] = []
let isWrong = false

if (wanted.some((name) => name.startsWith('crawlee'))) {
  installPeers(peers)
  copyFileSync(path.join(here, 'crawlee.mjs'), path.join(peers, 'crawlee.mjs'))
}
const first = await ours(2)
const pages = first.list as Set<string>
console.log(`${site.seeds.length} hosts, ${pages.size} pages; medians of ${rounds} rounds, load ${loadavg()[0]?.toFixed(1)} at the start\n`)
seeds = site.seeds.slice(0, WARM_HOSTS)
const warm = new Set(seeds.map((seed) => new URL(seed).host))
writeFileSync(listFile, [...pages].filter((page) => warm.has(new URL(page).host)).join('\n'))
for (const name of wanted) await (sides[name] as () => Promise<Run>)()
seeds = site.seeds
writeFileSync(listFile, [...pages].join('\n'))
for (let round = 0; round < rounds; round++) {
  fixed.push(calibrate())
  for (const name of wanted) {
    const run = await (sides[name] as () => Promise<Run>)()
    const difference = run.list === undefined ? 0 : differenceOf(pages, run.list)
    if (difference > MOST_DIFFERENCE) {
      isWrong = true
      console.log(`${name}: its pages differ by ${(difference * 100).toFixed(1)} % from ours (${run.pages}); the ratio does not count`)
    }
    runs[name]?.push(run)
  }
}
fixed.push(calibrate())
console.log('| side | CPU ms a page | of it main thread | pages/s | peak MiB |\n| --- | ---: | ---: | ---: | ---: |')
for (const name of wanted) console.log(rowOf(name))
console.log('\n| ratio | median | rounds | target | |\n| --- | ---: | --- | ---: | --- |')
for (const target of TARGETS) {
  const a = runs[target.a]
  const b = runs[target.b]
  if (a === undefined || b === undefined) continue
  const ratio = median(a.map((run) => rate(run, target.by))) / median(b.map((run) => rate(run, target.by)))
  const each = a.map((run, i) => rate(run, target.by) / rate(b[i] as Run, target.by))
  const isMet = ratio >= target.least
  if (!isMet) process.exitCode = 1
  const spread = `${Math.min(...each).toFixed(2)} to ${Math.max(...each).toFixed(2)}`
  console.log(`| ${target.what} | ${ratio.toFixed(2)} | ${spread} | ${target.least.toFixed(2)} | ${isMet ? 'met' : 'MISSED'} |`)
}
const drift = Math.max(...fixed) / Math.min(...fixed)
console.log(
  `\ndrift of fixed work between rounds: ${drift.toFixed(2)}${drift > MOST_DRIFT ? ' (the machine drifted: measure again)' : ''}, load ${loadavg()[0]?.toFixed(1)} at the end`,
)
if (drift > MOST_DRIFT || isWrong) process.exitCode = 1

/** Medians of a side. */
function rowOf(name: string): string {
  const all = runs[name] ?? []
  const middle = (value: (run: Run) => number, digits: number): string => {
    const found = median(all.map(value))
    return found === 0 ? '' : found.toFixed(digits)
  }
  const cpu = middle((run) => run.cpuMs / run.pages, 2)
  const main = middle((run) => (run.mainMs ?? 0) / run.pages, 2)
  return `| ${name} | ${cpu} | ${main} | ${middle((run) => rate(run, 'wall'), 0)} | ${middle((run) => run.rssMb, 0)} |`
}

function rate(run: Run, by: Measure): number {
  return (run.pages / (by === 'wall' ? run.wallMs : run.cpuMs)) * 1000
}

/** Addresses that only one side has, over those of either; a folder and its index are one page. */
function differenceOf(a: Set<string>, b: Set<string>): number {
  const keys = (list: Set<string>): Set<string> => new Set([...list].map((url) => url.replace(/\/index\.html$/, '/').replace(/#.*$/, '')))
  const [left, right] = [keys(a), keys(b)]
  let both = 0
  for (const key of left) if (right.has(key)) both++
  return 1 - both / (left.size + right.size - both)
}
