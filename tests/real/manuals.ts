/** Real pages from Debian packages, served by nginx as many hosts on one loopback port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { apt } from '../support/provide.ts'
import { realClock } from '../support/real-clock.ts'

const PACKAGES = ['nginx-light', 'debian-handbook', 'apache2-doc', 'sqlite3-doc', 'debian-policy', 'developers-reference']
const DOC = '/usr/share/doc'

export interface Manuals extends AsyncDisposable {
  port: number
  /** Start pages, one per host. */
  seeds: string[]
  hosts: Record<string, string>
  allowPrivate: string[]
}

export const areInstalled = (): boolean =>
  existsSync('/usr/sbin/nginx') && existsSync(`${DOC}/debian-handbook/html`) && existsSync(`${DOC}/apache2-doc/manual`)

export const installManuals = (): Promise<void> => apt(PACKAGES, 'SKIP_REAL')

/** Every language of a manual is a host of its own, as it would be on the web. */
async function roots(): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const languages = async (manual: string, folder: string): Promise<void> => {
    for (const name of await readdir(folder))
      if (existsSync(path.join(folder, name, 'index.html')))
        found.set(`${name.toLowerCase()}.${manual}.quern.test`, path.join(folder, name))
  }
  await languages('handbook', `${DOC}/debian-handbook/html`)
  await languages('httpd', `${DOC}/apache2-doc/manual`)
  found.set('sqlite.quern.test', `${DOC}/sqlite3`)
  return found
}

export async function serveManuals(folder: string): Promise<Manuals> {
  await mkdir(folder, { recursive: true })
  const port = await freePort()
  const sites = await roots()
  const servers = [...sites].map(
    ([name, root]) => `server { listen 127.0.0.1:${port}; server_name ${name}; root ${root}; index index.html; }`,
  )
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `${what}_temp_path ${folder}/${what};`).join(' ')
  const config = `worker_processes 1; daemon off; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 512; }
http { include /etc/nginx/mime.types; default_type text/html; charset utf-8; access_log ${folder}/access.log; server_names_hash_bucket_size 128; ${temporary}
${servers.join('\n')} }
`
  await writeFile(path.join(folder, 'nginx.conf'), config)
  const nginx: ChildProcess = spawn('/usr/sbin/nginx', ['-c', path.join(folder, 'nginx.conf'), '-e', path.join(folder, 'error.log')], {
    stdio: 'ignore',
  })
  const ended = new Promise<void>((resolve) => nginx.once('exit', () => resolve()))
  for (;;) {
    if (nginx.exitCode !== null) throw new Error(`nginx ended with ${nginx.exitCode}; see ${folder}/error.log`)
    if (await answers(port)) break
    await realClock.sleep(50)
  }
  return {
    port,
    seeds: [...sites.keys()].map((name) => `http://${name}:${port}/index.html`),
    hosts: Object.fromEntries([...sites.keys()].map((name) => [name, '127.0.0.1'])),
    allowPrivate: [`127.0.0.0/8:${port}`],
    async [Symbol.asyncDispose]() {
      nginx.kill('SIGTERM')
      await ended
    },
  }
}

const answers = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  )

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
