/** Memory of a whole crawl, two threads and its folder with it, while 150,000 found pages wait. */
import { spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openWeb } from '../core/web/index.ts'
import { crawlToFolder, WorkerPool } from '../node/index.ts'
import { realClock } from '../tests/support/real-clock.ts'

const LINKS = 150
const PAGES = 1050
/** Pages between two lines of output. */
const EVERY = 150
const MOST_MIB = 400
const MIB = 2 ** 20

const [role, port, out] = process.argv.slice(2)
if (role === 'crawl') await crawl(Number(port), out ?? '')
else await serve()

/** Every page leads to pages that nobody has seen. The crawl is a process of its own, so its memory is no server's. */
async function serve(): Promise<void> {
  const word = (n: number): string => n.toString(26).replace(/[0-9]/g, (digit) => String.fromCharCode(113 + Number(digit)))
  let next = 1
  const text = Array.from({ length: 300 }, (_, i) => `${word(i * 7919)} stone`).join(' ')
  const server = createServer((request, response) => {
    const { url = '/' } = request
    if (!url.endsWith('.html')) {
      response.statusCode = 404
      return response.end('no')
    }
    const links = Array.from({ length: LINKS }, () => `<li><a href="/${word(next++)}.html">on</a></li>`).join('')
    response.setHeader('content-type', 'text/html')
    return response.end(`<title>${url}</title><article><p>${url} ${text}</p></article><ul>${links}</ul>`)
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-bench-queue-'))
  const args = ['--disable-warning=ExperimentalWarning', import.meta.filename, 'crawl', String((server.address() as AddressInfo).port)]
  const child = spawn(process.execPath, [...args, path.join(folder, 'crawl')], { stdio: 'inherit' })
  process.exitCode = await new Promise<number>((ended) => child.on('exit', (code) => ended(code ?? 1)))
  server.close()
  await rm(folder, { recursive: true })
}

async function crawl(at: number, folder: string): Promise<void> {
  await using web = await openWeb({ clock: realClock, userAgent: 'QuernBot/1.0 (+http://127.0.0.1/)', allowPrivate: [`127.0.0.1:${at}`] })
  await using worker = new WorkerPool({ clock: realClock, size: 2 })
  let kept = 0
  await crawlToFolder({
    web,
    clock: realClock,
    seeds: [`http://127.0.0.1:${at}/index.html`],
    agentToken: 'QuernBot',
    out: folder,
    pace: { delayMs: 0 },
    limits: { pages: PAGES, queued: 200_000, queuedPerHost: 200_000 },
    worker,
    onPage: () => {
      if (++kept % EVERY !== 0) return
      const waiting = String(kept * (LINKS - 1)).padStart(7)
      console.log(`${waiting} pages wait: ${(process.memoryUsage().rss / MIB).toFixed(0)} MiB, ${peakMib().toFixed(0)} at most so far`)
    },
  })
  if (kept < PAGES) throw new Error(`only ${kept} pages were kept`)
  const isMet = peakMib() < MOST_MIB
  console.log(`peak ${peakMib().toFixed(0)} MiB, target under ${MOST_MIB}: ${isMet ? 'met' : 'MISSED'}`)
  if (!isMet) process.exitCode = 1
}

function peakMib(): number {
  return process.resourceUsage().maxRSS / 1024
}
