/** What no crawler can be cheaper than: a known list fetched, hashed, compressed, parsed, its links taken. Nothing kept, nothing checked. */
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { DomUtils, parseDocument } from 'htmlparser2'
import { Agent, request } from 'undici'

const CONCURRENCY = 32
const urls = readFileSync(process.argv[2] ?? '', 'utf8').split('\n')
const passes = Number(process.argv[3] ?? 1)
const agent = new Agent({ connections: CONCURRENCY, pipelining: 1 })
for (let pass = 0; pass < passes; pass++) await crawl()
await agent.close()

async function crawl(): Promise<void> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  let next = 0
  let links = 0

  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (let url = urls[next++]; url !== undefined; url = urls[next++]) {
        const { body } = await request(url, { dispatcher: agent })
        const bytes = Buffer.from(await body.arrayBuffer())
        hash('sha256', bytes)
        gzipSync(bytes, { level: 6 })
        const found = new Set<string>()
        for (const { attribs } of DomUtils.getElementsByTagName('a', parseDocument(bytes.toString('utf8')))) {
          const link = attribs['href'] === undefined ? null : URL.parse(attribs['href'], url)
          if (link !== null) found.add(link.href)
        }
        links += found.size
      }
    }),
  )
  const wallMs = performance.now() - started
  const { user, system } = process.cpuUsage(cpu)
  console.log(
    JSON.stringify({ pages: urls.length, links, wallMs, cpuMs: (user + system) / 1000, rssMb: process.resourceUsage().maxRSS / 1024 }),
  )
}
