/** The manuals of Debian packages behind one nginx: every language of a manual is a port of its own, so that peers without our name table reach it too. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { realClock } from '../../tests/support/real-clock.ts'

const DOC = '/usr/share/doc'
const PACKAGES = ['nginx-light', 'debian-handbook', 'apache2-doc', 'sqlite3-doc', 'wget']

export interface BenchSite extends AsyncDisposable {
  seeds: string[]
  allowPrivate: string[]
}

/** Throws with the command that brings what is missing. */
export function requireSite(): void {
  const missing = ['/usr/sbin/nginx', `${DOC}/debian-handbook/html`, `${DOC}/apache2-doc/manual`, `${DOC}/sqlite3`, '/usr/bin/wget'].filter(
    (file) => !existsSync(file),
  )
  if (missing.length > 0) throw new Error(`missing: ${missing.join(' ')}; as root: apt-get install -y ${PACKAGES.join(' ')}`)
}

/** `hosts`: how many of the manuals, the sqlite manual first. */
export async function serveSite(folder: string, hosts: number): Promise<BenchSite> {
  mkdirSync(folder, { recursive: true })
  const roots = [`${DOC}/sqlite3`, ...languages(`${DOC}/debian-handbook/html`), ...languages(`${DOC}/apache2-doc/manual`)].slice(0, hosts)
  const ports = await freePorts(roots.length)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`).join(' ')
  const servers = roots.map((root, i) => `server { listen 127.0.0.1:${ports[i]}; root ${root}; index index.html; }`)
  writeFileSync(
    path.join(folder, 'nginx.conf'),
    `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 512; }
http { include /etc/nginx/mime.types; default_type text/html; access_log off; keepalive_requests 100000; ${temporary}
${servers.join('\n')} }
`,
  )
  const nginx: ChildProcess = spawn('/usr/sbin/nginx', ['-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'error.log')], {
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => nginx.once('exit', () => resolve()))
  while (!(await answers(ports[0] as number))) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}; see ${folder}/error.log`)
    await realClock.sleep(50)
  }
  return {
    seeds: ports.map((port) => `http://127.0.0.1:${port}/index.html`),
    allowPrivate: ports.map((port) => `127.0.0.1:${port}`),
    async [Symbol.asyncDispose]() {
      nginx.kill('SIGTERM')
      await ended
    },
  }
}

/** What a registry package needs to run beside us, in a folder of its own; never in package.json. */
export function installPeers(folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'package.json'), '{"private":true,"type":"module"}')
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--loglevel=error', 'crawlee@3.18.1', 'linkedom@0.18.15', '@mozilla/readability@0.6.0'],
    { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] },
  )
}

function languages(manual: string): string[] {
  return readdirSync(manual)
    .filter((name) => existsSync(path.join(manual, name, 'index.html')))
    .toSorted()
    .map((name) => path.join(manual, name))
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject)
          server.listen(0, '127.0.0.1', () => {
            const address = server.address()
            resolve(typeof address === 'object' && address ? address.port : 0)
          })
        }),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))))
  return ports
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  )
