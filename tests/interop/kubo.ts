/**
 * A real Kubo on the loopback address: found, or built once with Go into the user's cache. It has no bootstrappers, no routing, no mDNS,
 * no gateway fetching: it talks to the peers it is told to connect to and to nobody else.
 */
import { execFile, spawn } from 'node:child_process'
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { findGo } from '../support/provide.ts'

const run = promisify(execFile)
const VERSION = '0.41.0'
const cache = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'quern', `kubo-${VERSION}`)

/** Path of the program; undefined when it has not been built. `QUERN_KUBO` names another one. */
export async function findKubo(): Promise<string | undefined> {
  const named = process.env['QUERN_KUBO'] ?? path.join(cache, 'ipfs')
  return access(named).then(
    () => named,
    () => undefined,
  )
}

/** Takes minutes on two cores. `go install module@version` would ask for a list of versions that a proxy may not have, so: a module that names one. */
export async function buildKubo(): Promise<void> {
  const go = await findGo('SKIP_INTEROP')
  await mkdir(cache, { recursive: true })
  const source = `module kubo-build\n\ngo 1.26\n\nrequire github.com/ipfs/kubo v${VERSION}\n\ntool github.com/ipfs/kubo/cmd/ipfs\n`
  await writeFile(path.join(cache, 'go.mod'), source)
  await run(go, ['build', '-o', path.join(cache, 'ipfs'), 'github.com/ipfs/kubo/cmd/ipfs'], {
    cwd: cache,
    env: { ...process.env, GOFLAGS: '-mod=mod -buildvcs=false -p=1' },
    maxBuffer: 64 << 20,
  })
}

export interface Kubo extends AsyncDisposable {
  /** Multiaddr with peer id. */
  address: string
  peer: string
  /** Runs one command against the daemon; gives its stdout. */
  ipfs(...args: string[]): Promise<Buffer>
  /** A folder that is deleted with the daemon. */
  folder: string
}

const settings: [key: string, value: unknown][] = [
  ['Addresses.Swarm', ['/ip4/127.0.0.1/tcp/0']],
  ['Addresses.API', '/ip4/127.0.0.1/tcp/0'],
  ['Addresses.Gateway', []],
  ['AutoConf.Enabled', false],
  ['AutoTLS.Enabled', false],
  ['Bootstrap', []],
  ['DNS.Resolvers', {}],
  ['Discovery.MDNS.Enabled', false],
  ['HTTPRetrieval.Enabled', false],
  ['Ipns.DelegatedPublishers', []],
  ['Plugins.Plugins.telemetry.Disabled', true],
  ['Provide.Enabled', false],
  ['Routing.Type', 'none'],
  ['Routing.DelegatedRouters', []],
  ['Swarm.DisableNatPortMap', true],
  ['Swarm.RelayClient.Enabled', false],
  ['Swarm.RelayService.Enabled', false],
  ['Version.SwarmCheckEnabled', false],
]

export async function startKubo(program: string): Promise<Kubo> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-kubo-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const env = { ...process.env, IPFS_PATH: path.join(folder, 'repo'), IPFS_TELEMETRY: 'off' }
  const ipfs = async (...args: string[]): Promise<Buffer> =>
    (await run(program, args, { env, encoding: 'buffer', maxBuffer: 256 << 20, timeout: 120_000 })).stdout
  await ipfs('init', '--empty-repo')
  for (const [key, value] of settings) await ipfs('config', '--json', key, JSON.stringify(value))
  const daemon = spawn(program, ['daemon', '--migrate=false'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<void>((resolve) => daemon.once('exit', () => resolve()))
  stack.defer(async () => {
    daemon.kill('SIGTERM')
    await ended
  })
  const lines: string[] = []
  createInterface({ input: daemon.stderr }).on('line', (line) => lines.push(line))
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: daemon.stdout }).on('line', (line) => {
      lines.push(line)
      if (line.includes('Daemon is ready')) resolve()
    })
    daemon.once('exit', () => reject(new Error(`kubo ended: ${lines.slice(-5).join(' | ')}`)))
  })
  const { ID: peer, Addresses: addresses } = JSON.parse(String(await ipfs('id'))) as { ID: string; Addresses: string[] }
  const resources = stack.move()
  return { address: addresses[0] ?? '', peer, ipfs, folder, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}
