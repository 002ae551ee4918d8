/**
 * Crawling and structuring real manuals against Crawlee, wget and a bare parse, in turn: `[HOSTS] [ROUNDS] [SIDES]`, 38 3 all unless said.
 *
 * That is all that tests/real crawls: 6,712 pages, an hour on two idle cores; `16 3` is 2,663 pages, a quarter of an hour. SIDES are names
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

/** One crawl of one side. */
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

interface Ratio {
  median: number
  /** Of each round. */
  each: number[]
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
/**
 * Each side crawls all of it twice in one process: the second crawl is what the targets are for, because a contributor crawls for days; the first,
 * in which everything is compiled, stands beside it.
 */
const PASSES = 2

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
const { seeds } = site
const listFile = path.join(base, 'list.txt')

/** What the container and `npm start` run every role with; the peers get Node as it comes. */
const OUR_FLAGS = ['--max-semi-space-size=4']

/** Each of the last lines of what a process prints is a crawl. */
async function node(script: string, args: string[], { cwd = import.meta.dirname, flags = [] as string[] } = {}): Promise<Run[]> {
  const all = ['--disable-warning=ExperimentalWarning', ...flags, script, ...args]
  const { stdout } = await exec(process.execPath, all, { cwd, maxBuffer: 64 << 20 })
  const lines = stdout.split('\n').filter((line) => line.startsWith('{"pages"'))
  return lines.map((line) => JSON.parse(line) as Run)
}

const readList = (file: string): Set<string> => new Set(readFileSync(file, 'utf8').split('\n'))

async function ours(workers: number, { isPolite = true, passes = PASSES } = {}): Promise<Run[]> {
  const out = path.join(base, 'ours')
  rmSync(out, { recursive: true, force: true })
  const job: OursJob = { seeds, allowPrivate: site.allowPrivate, out, workers, isPolite, passes, list: `${listFile}.ours` }
  const runs = await node(path.join(scripts, 'ours.js'), [JSON.stringify(job)], { flags: OUR_FLAGS })
  return runs.map((run, pass) => ({ ...run, list: readList(`${job.list}.${pass}`) }))
}

async function crawlee(storage: 'memory' | 'disk'): Promise<Run[]> {
  const folder = path.join(peers, 'storage')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  const list = `${listFile}.crawlee`
  const runs = await node(path.join(peers, 'crawlee.mjs'), [JSON.stringify({ seeds, storage, passes: PASSES, list, folder })], {
    cwd: peers,
  })
  return runs.map((run, pass) => ({ ...run, list: readList(`${list}.${pass}`) }))
}

/** Once: it compiles nothing. bash tells the CPU time of a process that is not Node. */
async function wget(): Promise<Run[]> {
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
  const run = { pages: list.size, wallMs: wall * 1000, cpuMs: (user + system) * 1000, rssMb: 0, list }
  return [run, run]
}

const sides: Record<string, () => Promise<Run[]>> = {
  'ours-2': () => ours(2),
  'ours-1': () => ours(1),
  // all of it in the main thread
  'ours-0': () => ours(0),
  'impolite-2': () => ours(2, { isPolite: false }),
  bare: () => node(path.join(scripts, 'bare.js'), [listFile, String(PASSES)]),
  wget,
  'crawlee-memory': () => crawlee('memory'),
  'crawlee-disk': () => crawlee('disk'),
}
const wanted = process.argv[4] === undefined ? Object.keys(sides) : process.argv[4].split(',')
const runs: Record<string, Run[][]> = Object.fromEntries(wanted.map((name) => [name, []]))
const fixed: number[] = []
let isWrong = false

if (wanted.some((name) => name.startsWith('crawlee'))) {
  installPeers(peers)
  copyFileSync(path.join(here, 'crawlee.mjs'), path.join(peers, 'crawlee.mjs'))
}
// what is on the disk is in memory from here on
const pages = (await ours(2, { passes: 1 }))[0]?.list as Set<string>
console.log(`${seeds.length} hosts, ${pages.size} pages; medians of ${rounds} rounds, load ${loadavg()[0]?.toFixed(1)} at the start\n`)
writeFileSync(listFile, [...pages].join('\n'))
for (let round = 0; round < rounds; round++) {
  fixed.push(calibrate())
  for (const name of wanted) {
    const crawls = await (sides[name] as () => Promise<Run[]>)()
    crawls.forEach(({ list, pages: count }, i) => {
      const difference = list === undefined ? 0 : differenceOf(pages, list)
      if (difference <= MOST_DIFFERENCE) return
      isWrong = true
      const percent = (difference * 100).toFixed(1)
      console.log(`${name}, crawl ${i + 1}: its pages differ by ${percent} % from ours (${count}); its ratio does not count`)
    })
    runs[name]?.push(crawls)
  }
}
fixed.push(calibrate())
console.log('| side | CPU ms a page: first crawl | second | of it main thread | pages/s: first crawl | second | peak MiB |')
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
for (const name of wanted) console.log(rowOf(name))
console.log('\n| ratio | first crawl | second | rounds | target | |\n| --- | ---: | ---: | --- | ---: | --- |')
for (const target of TARGETS) {
  if (!wanted.includes(target.a) || !wanted.includes(target.b)) continue
  const [cold, warm] = [0, 1].map((pass) => ratioOf(target, pass)) as [Ratio, Ratio]
  const isMet = warm.median >= target.least
  if (!isMet) process.exitCode = 1
  const spread = `${Math.min(...warm.each).toFixed(2)} to ${Math.max(...warm.each).toFixed(2)}`
  const figures = `${cold.median.toFixed(2)} | ${warm.median.toFixed(2)} | ${spread} | ${target.least.toFixed(2)}`
  console.log(`| ${target.what} | ${figures} | ${isMet ? 'met' : 'MISSED'} |`)
}
const drift = Math.max(...fixed) / Math.min(...fixed)
console.log(
  `\ndrift of fixed work between rounds: ${drift.toFixed(2)}${drift > MOST_DRIFT ? ' (the machine drifted: measure again)' : ''}, load ${loadavg()[0]?.toFixed(1)} at the end`,
)
if (drift > MOST_DRIFT || isWrong) process.exitCode = 1

function ratioOf({ a, b, by }: (typeof TARGETS)[number], pass: number): Ratio {
  const [left, right] = [a, b].map((name) => (runs[name] as Run[][]).map((crawls) => rate(crawls[pass] as Run, by))) as [number[], number[]]
  return { median: median(left) / median(right), each: left.map((one, i) => one / (right[i] as number)) }
}

/** Medians of a side. */
function rowOf(name: string): string {
  const all = runs[name] ?? []
  const middle = (pass: number, value: (run: Run) => number, digits: number): string => {
    const found = median(all.map((crawls) => value(crawls[pass] as Run)))
    return found === 0 ? '' : found.toFixed(digits)
  }
  const cpu = [0, 1].map((pass) => middle(pass, (run) => run.cpuMs / run.pages, 2))
  const main = middle(1, (run) => (run.mainMs ?? 0) / run.pages, 2)
  const perSecond = [0, 1].map((pass) => middle(pass, (run) => rate(run, 'wall'), 0))
  return `| ${[name, ...cpu, main, ...perSecond, middle(1, (run) => run.rssMb, 0)].join(' | ')} |`
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
