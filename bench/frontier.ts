/** Peak memory and time of a frontier on disk with many waiting URLs: `[URLS]`, 100,000 unless said, then five times as many; target < 400 MiB, and flat. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CrawlLog, Frontier } from '../node/frontier/index.ts'

const TARGET_MIB = 400
/** What one more waiting URL may cost: eight bytes of queue, two to three dozen of the seen set with room to grow. */
const TARGET_BYTES_PER_URL = 64
const HOSTS = 200
const count = Number(process.argv[2] ?? 100_000)
const folder = await mkdtemp(path.join(tmpdir(), 'quern-bench-frontier-'))

async function fill(
  file: string,
  urls: number,
): Promise<{ heldMib: number; addPerSecond: number; takePerSecond: number; resumeSeconds: number }> {
  const options = {
    seeds: ['http://host-0.example/'],
    scope: 'any' as const,
    limits: { queued: urls * 2, queuedPerHost: urls * 2, depth: 99 },
    traps: { numbered: urls * 2 },
  }
  const log = await CrawlLog.create(file, {})
  const frontier = new Frontier({ ...options, book: log })
  const added = cpuSeconds(async () => {
    for (let i = 1; i < urls; i++) {
      const link = `http://host-${i % HOSTS}.example/some/folder/of/the/site/page-${i}.html?section=${i % 7}`
      frontier.offer(link, { depth: 1 + (i % 9), via: `http://host-${i % HOSTS}.example/` })
      if (i % 1000 === 0) await log.write(log.cut({ lengths: [], checks: [], summary: null }))
    }
    await log.write(log.cut({ lengths: [], checks: [], summary: null }))
  })
  const addSeconds = await added
  const heldMib = held()
  await log.close()
  let resumed: Awaited<ReturnType<typeof CrawlLog.resume>>
  let again: Frontier | undefined
  const resumeSeconds = await cpuSeconds(async () => {
    resumed = await CrawlLog.resume(file, () => true)
    again = new Frontier({ ...options, book: resumed?.log, remembered: resumed?.log.remembered() })
  })
  if (again?.size.queued !== frontier.size.queued) throw new Error('not everything came back')
  let taken = 0
  const takeSeconds = await cpuSeconds(async () => {
    for (let host = 0; host < HOSTS; host++)
      for (let item = again?.next(`host-${host}.example`); item !== undefined; item = again?.next(`host-${host}.example`)) taken++
  })
  if (taken !== frontier.size.queued) throw new Error(`${taken} of ${frontier.size.queued} came out`)
  await resumed?.log.close()
  return { heldMib, addPerSecond: urls / addSeconds, takePerSecond: urls / takeSeconds, resumeSeconds }
}

async function cpuSeconds(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000_000
}

/** MiB held after a collection. */
function held(): number {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / (1 << 20)
}

try {
  const small = await fill(path.join(folder, 'small.log'), count)
  const large = await fill(path.join(folder, 'large.log'), count * 5)
  for (const [urls, run] of [
    [count, small],
    [count * 5, large],
  ] as const)
    console.log(
      `${urls} URLs waiting: ${run.heldMib.toFixed(0)} MiB held; ${Math.round(run.addPerSecond)} added and ${Math.round(run.takePerSecond)} taken per CPU second; resumed in ${run.resumeSeconds.toFixed(1)} s of CPU`,
    )
  const perUrl = ((large.heldMib - small.heldMib) * (1 << 20)) / (count * 4)
  const peak = process.resourceUsage().maxRSS / 1024
  const isMet = peak < TARGET_MIB && perUrl < TARGET_BYTES_PER_URL
  console.log(
    `peak ${peak.toFixed(0)} MiB (target < ${TARGET_MIB}), ${perUrl.toFixed(0)} bytes for each further URL (target < ${TARGET_BYTES_PER_URL}): ${isMet ? 'met' : 'MISSED'}`,
  )
  process.exitCode = isMet ? 0 : 1
} finally {
  await rm(folder, { recursive: true, force: true })
}
