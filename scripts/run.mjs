// Starts a tool of this project on a Node that can run it. Plain ES2020 without dependencies: it must load on any Node.
// Sources run as they are on Node 24; an older Node (on Linux and Windows) fetches Node 24 from the npm registry once. What is published runs on 22.19.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

// On a large machine V8 lets the young generation grow to 128 MiB, which no role needs. A small one is collected before buffers outside
// the heap pile up: with 4 MiB a contributor peaks 120 MiB lower than with 16, for the same CPU. The last one cli/main.ts says of itself, but
// tools and benchmarks read pages too.
const NODE_FLAGS = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=4', '--no-allocation-site-pretenuring']
// a simulation is sixty peers in one heap, and nothing else beside it: it collects a twentieth less with what Node gives by itself
const SIM_FLAGS = NODE_FLAGS.filter((flag) => !flag.startsWith('--max-semi-space-size'))
const PINNED = '24.21.0'
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const [major] = process.versions.node.split('.').map(Number)
const [tool, ...rest] = process.argv.slice(2)
const isWindows = process.platform === 'win32'

if (!tool) {
  console.error('usage: node scripts/run.mjs TOOL [ARGUMENT…]   runs a tool of node_modules/.bin, or node, on a fitting Node')
  process.exit(2)
}

if (major >= 24) {
  if (tool === 'node') start(process.execPath, [...(rest[1] === 'sim' ? SIM_FLAGS : NODE_FLAGS), ...rest])
  else {
    const bin = path.join(root, 'node_modules', '.bin', isWindows ? `${tool}.cmd` : tool)
    if (!existsSync(bin)) fail(`${tool} is not installed; run "npm ci" first`)
    start(bin, rest, { PATH: path.dirname(process.execPath) + path.delimiter + process.env.PATH }, isWindows)
  }
} else if ((process.platform === 'linux' || isWindows) && ['x64', 'arm64'].includes(process.arch)) {
  const name = `node-${isWindows ? 'win' : 'linux'}-${process.arch}`
  console.error(`Node ${process.versions.node} found; running on ${PINNED}, fetched once from npm`)
  const again = [process.argv[1], tool, ...rest].map(quote).join(' ')
  start(isWindows ? 'npx.cmd' : 'npx', ['-y', '-p', `${name}@${PINNED}`, '-c', `node ${again}`], {}, isWindows)
} else {
  fail(`Node ${process.versions.node} is too old; install Node 24 and run the same command again`)
}

function start(command, args, env = {}, shell = false) {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...env }, shell })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(error.message))
  child.on('exit', (code, signal) => process.exit(signal ? 128 + ({ SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] || 1) : code))
}

function quote(word) {
  if (isWindows) return `"${word.replace(/"/g, '\\"')}"`
  return `'${word.replace(/'/g, `'\\''`)}'`
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
