/** The whole network of docker/compose.network.yaml under a project name of its own, on whatever engine `docker` reaches. */
import { execFile, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { vi } from 'vitest'

export const root = path.resolve(import.meta.dirname, '../..')
const exec = promisify(execFile)

export const CONTRIBUTORS = ['contributor-1', 'contributor-2', 'contributor-3'] as const
export const VALIDATORS = ['validator-1', 'validator-2', 'validator-3', 'validator-4'] as const
export const SERVICES = ['dao', ...CONTRIBUTORS, ...VALIDATORS, 'site'] as const
export type Service = (typeof SERVICES)[number]

export class Compose {
  readonly project: string
  readonly #port: number

  constructor(project: string, port: number) {
    this.project = project
    this.#port = port
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** `docker compose …`; gives stdout. */
  run(...args: string[]): Promise<string> {
    return docker('compose', '-p', this.project, ...files, ...args)
  }

  /** A command in a running container. */
  exec(service: Service, ...command: string[]): Promise<string> {
    return this.run('exec', '-T', service, ...command)
  }

  async inspect(service: Service, format: string): Promise<string> {
    return (await docker('inspect', '-f', format, await this.container(service))).trim()
  }

  async container(service: Service): Promise<string> {
    return (await this.run('ps', '-aq', service)).trim()
  }

  async account(service: Service): Promise<string> {
    const said = JSON.parse(await this.exec(service, 'quern', 'init', '--json')) as { account: string }
    return said.account
  }

  async get<T>(route: string): Promise<T> {
    const response = await fetch(`${this.url}${route}`, { signal: AbortSignal.timeout(10_000) })
    if (!response.ok) throw new Error(`${route} answers ${response.status}`)
    return (await response.json()) as T
  }

  /** Kills a role's process as a crash would, and waits until the container's own restart rule has started it again. */
  async crash(service: Service): Promise<void> {
    const kill = `process.kill(JSON.parse(require('fs').readFileSync('/data/alive.json', 'utf8')).pid, 'SIGKILL')`
    const before = await this.inspect(service, '{{.RestartCount}}')
    // the command dies with the container
    await this.exec(service, 'node', '-e', kill).catch(() => undefined)
    await vi.waitFor(
      async () => {
        const now = await this.inspect(service, '{{.RestartCount}} {{.State.Status}}')
        // a container that waits for its restart counts as running; only its status says that it is not there yet
        if (now !== `${Number(before) + 1} running`) throw new Error(`${service} has not come back: ${now}`)
      },
      { timeout: 60_000, interval: 200 },
    )
  }

  /** The first line that a role says from now on and `pattern` matches. */
  said(service: Service, pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const child = spawn(
        'docker',
        ['compose', '-p', this.project, ...files, 'logs', '-f', '--no-log-prefix', '--no-color', '--since', '0s', service],
        { cwd: root, env: environment(this.#port), stdio: ['ignore', 'pipe', 'ignore'] },
      )
      createInterface({ input: child.stdout }).on('line', (line) => {
        const match = pattern.exec(line)
        if (match === null) return
        resolve(match)
        child.kill()
      })
      child.on('error', reject)
      child.on('exit', () => reject(new Error(`${service} ended before it said ${pattern.source}`)))
    })
  }
}

/** `docker compose …` of docker/compose.yaml, whose contributor joins this network; it has a project of its own. */
export const joining =
  ({ project }: Compose) =>
  async (...args: string[]): Promise<string> => {
    const env = { ...environment(hostPort), QUERN_DAO: 'http://dao:8080', QUERN_TEST_NETWORK: `${project}_default` }
    const words = ['compose', '-p', `${project}-joins`, '-f', 'docker/compose.yaml', '-f', 'tests/docker/join.yaml', ...args]
    return (await exec('docker', words, { cwd: root, env, maxBuffer: 64 << 20 })).stdout
  }

const files = ['-f', 'docker/compose.network.yaml', '-f', 'docker/compose.test.yaml']
let hostPort = 0

/** What the Compose file reads from the environment. */
const environment = (port: number): NodeJS.ProcessEnv => ({ ...process.env, QUERN_IMAGE: 'quern', QUERN_HTTP_PORT: String(port) })

export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await exec('docker', args, { cwd: root, env: environment(hostPort), maxBuffer: 64 << 20 })
  return stdout
}

/** A network's handle; nothing runs yet. */
export async function openCompose(project: string): Promise<Compose> {
  hostPort = await freePort()
  return new Compose(project, hostPort)
}

/** `quern …` of this checkout on this machine. */
export async function quern(...args: string[]): Promise<string> {
  const { stdout } = await exec(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, 'cli/main.ts'), ...args], {
    cwd: root,
    maxBuffer: 64 << 20,
  })
  return stdout
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const { port } = server.address() as AddressInfo
  await new Promise((closed) => server.close(closed))
  return port
}
