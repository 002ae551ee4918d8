import { existsSync } from 'node:fs'
import path from 'node:path'
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { openKeyFile, type Signer } from '../../core/identity/index.ts'
import { crawlToFolder, EarlierFolder } from '../../node/index.ts'
import { openWeb } from '../../core/web/index.ts'
import { hostsOf, logger, systemClock, untilStopped } from '../wiring/index.ts'
import { AGENT, listOf, print, printJson, type Run, say, settingOf } from '../program/index.ts'
import { crawlOptions, denyOf, workersOf } from './crawl-options.ts'

export const run: Run = async (urls, flags) => {
  const out = flags['out']
  if (typeof out !== 'string') throw new UsageError('OUT_MISSING', 'where shall the files go? give --out DIR')
  const contact = flags['contact']
  const allowPrivate = listOf(settingOf('allowPrivate', flags))
  if (typeof contact !== 'string' && allowPrivate.length === 0)
    throw new UsageError('CONTACT_MISSING', 'site owners must be able to reach a person: give --contact mailto:… or https://…')
  const profile = flags['profile']
  if (profile !== 'strict' && profile !== 'standard') throw new UsageError('BAD_FLAG', '--profile is strict or standard')
  const userAgent = `${AGENT}/1.0 (+${typeof contact === 'string' ? contact : 'http://127.0.0.1/'})`
  const signer = await ownKey(settingOf('home', flags) as string)
  const log = await logger(settingOf('logLevel', flags))
  const { maxPages = 1000, maxDepth = 16, delayMs = 1000, scope = 'host' } = crawlOptions(flags, false)
  await using stack = new AsyncDisposableStack()
  const deny = await denyOf(flags, systemClock)
  const since = typeof flags['since'] === 'string' ? stack.use(earlierIn(flags['since'])) : undefined
  const worker = workersOf(flags, systemClock, stack)
  const web = stack.use(
    await openWeb({
      clock: systemClock,
      userAgent,
      allowPrivate,
      hosts: hostsOf(settingOf('hosts', flags)),
      proxy: settingOf('proxy', flags),
      logger: log,
    }),
  )
  const json = flags['json'] === true
  let kept = 0
  const summary = await crawlToFolder({
    web,
    clock: systemClock,
    seeds: urls,
    agentToken: AGENT,
    profile,
    scope,
    limits: { pages: maxPages, depth: maxDepth },
    pace: { delayMs },
    sitemaps: flags['sitemaps'] !== false,
    ...(deny ? { deny } : {}),
    ...(since ? { earlier: since } : {}),
    ...(worker ? { worker } : {}),
    ...(signer ? { signer } : {}),
    out,
    overwrite: flags['overwrite'] === true,
    warcinfo: [
      ['software', 'quern'],
      ['http-header-user-agent', userAgent],
    ],
    signal: untilStopped().signal,
    logger: log,
    onPage: ({ url }) => {
      kept++
      if (process.stderr.isTTY && !json)
        process.stderr.write(`\r\u001b[K${kept} kept  ${url.slice(0, (process.stderr.columns ?? 80) - 16)}`)
    },
    onJournal: (row) => {
      if (json) printJson(row)
    },
  })
  if (process.stderr.isTTY && !json) process.stderr.write('\r\u001b[K')
  if (json) return
  if (summary.isResumed) say('went on where an earlier run had stopped')
  print(
    `${summary.kept} records from ${summary.fetched} pages of ${summary.hosts} hosts in ${((summary.endedAt - summary.startedAt) / 1000).toFixed(1)} s`,
  )
  for (const [outcome, count] of Object.entries(summary.outcomes).toSorted(([, a], [, b]) => b - a))
    say(`  ${String(count).padStart(6)}  ${outcome}`)
  for (const file of Object.values(summary.files)) print(`${file.path}  ${file.bytes} bytes`)
}

/** Signs the journal; a crawl makes no identity of its own. */
async function ownKey(home: string): Promise<Signer | undefined> {
  const file = path.join(home, 'keys', 'identity.key')
  return existsSync(file) ? openKeyFile(file) : undefined
}

function earlierIn(folder: string): EarlierFolder {
  try {
    return new EarlierFolder(folder)
  } catch (cause) {
    throw new InvalidInputError('NOT_A_CRAWL', `${folder} holds no crawl that came to its end; --since takes the folder of one`, { cause })
  }
}
