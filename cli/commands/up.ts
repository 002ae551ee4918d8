import { crawlOptions } from './crawl-options.ts'
import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from '../../core/errors/index.ts'
import { serveSampleSite } from '../sample-site/index.ts'
import { listOf, numberFlag, print, printJson, type Run, say, settingOf } from '../program/index.ts'
import { ProgressDisplay, startLocalNetwork, summarize, summaryText } from '../up/index.ts'
import { aborted, hostsOf, logger, openApi, untilStopped } from '../wiring/index.ts'

export const run: Run = async (urls, flags) => {
  const stop = untilStopped()
  const json = flags['json'] === true
  const epochs = Math.max(1, numberFlag(flags, 'epochs', 1))
  const home = await newNetworkFolder(settingOf('home', flags) as string)
  await using stack = new AsyncDisposableStack()
  const site = urls.length === 0 ? await serveSampleSite() : undefined
  if (site) stack.defer(() => site.close())
  const display = new ProgressDisplay({ live: process.stderr.isTTY && !json, now: Date.now })
  stack.defer(() => display.end())
  say(
    site
      ? `crawling the bundled sample site: ${Object.keys(site.hosts).length} hosts on 127.0.0.1:${site.port}`
      : `crawling ${urls.join(' ')}`,
  )
  const network = stack.use(
    await startLocalNetwork({
      home,
      seeds: site?.urls ?? urls.map(seedOf),
      allowPrivate: [...(site?.allowPrivate ?? []), ...listOf(settingOf('allowPrivate', flags))],
      hosts: { ...site?.hosts, ...hostsOf(settingOf('hosts', flags)) },
      contact: 'http://127.0.0.1/',
      contributors: Math.max(1, numberFlag(flags, 'contributors', 3)),
      validators: Math.max(1, numberFlag(flags, 'validators', 4)),
      ...crawlOptions(flags, site !== undefined),
      logger: await logger(settingOf('logLevel', flags)),
      onProgress: (who, progress) => {
        if (!stop.signal.aborted) display.take(who, progress)
      },
    }),
  )
  const api = stack.use(await openApi(network.dao, settingOf('http', flags) as string, await logger(settingOf('logLevel', flags))))
  const { operator } = network.dao
  const released = operator.until(
    (state) =>
      state.results.filter((r) => r.final).length >= epochs && state.releases.some((r) => r.throughEpoch >= epochs) ? true : undefined,
    stop.signal,
  )
  const done = await released.then(
    () => true,
    () => false,
  )
  if (!done) {
    say('stopping')
    return 0
  }
  display.end()
  const summary = summarize(operator.state, network.names, { home, api: api.url })
  if (json) printJson(summary)
  else print(summaryText(summary))
  if (flags['exit'] === true) return 0
  say('\nThe network keeps running; Ctrl-C stops it.')
  await aborted(stop.signal)
  say('stopping')
  return 0
}

/** Every run is a network of its own: `<home>/up/1`, `<home>/up/2`, … */
async function newNetworkFolder(home: string): Promise<string> {
  const base = path.resolve(home, 'up')
  await mkdir(base, { recursive: true })
  const taken = (await readdir(base)).map(Number).filter(Number.isSafeInteger)
  const folder = path.join(base, String(Math.max(0, ...taken) + 1))
  await mkdir(folder)
  return folder
}

function seedOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError('BAD_URL', `"${text}" is no http(s) URL`)
  return url.href
}
