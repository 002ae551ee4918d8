/** A server on loopback for tests of the crawl, the web that reaches it, and a folder for what is crawled. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { openWeb, type Web } from '../../core/web/index.ts'
import { realClock } from './real-clock.ts'

export interface PageServer extends AsyncDisposable {
  origin: string
  web: Web
  base: string
}

/** Its agent is `Quern`. */
export async function servePages(answer: RequestListener): Promise<PageServer> {
  const base = await mkdtemp(path.join(tmpdir(), 'quern-pages-'))
  const server = createServer(answer)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const web = await openWeb({ clock: realClock, userAgent: 'Quern/0.1', allowPrivate: [`127.0.0.1:${port}`] })
  return {
    origin: `http://127.0.0.1:${port}`,
    web,
    base,
    async [Symbol.asyncDispose]() {
      await web[Symbol.asyncDispose]()
      await new Promise((closed) => server.close(closed))
      await rm(base, { recursive: true })
    },
  }
}

/** Lines of the records in a crawl's folder, in their order. */
export async function recordLines(out: string): Promise<string[]> {
  return gunzipSync(await readFile(path.join(out, 'records.jsonl.gz')))
    .toString()
    .trimEnd()
    .split('\n')
}
