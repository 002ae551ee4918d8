import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from '../../core/errors/index.ts'
import type { LedgerState } from '../../dao/ledger/index.ts'
import { peekCheckpoint } from '../../dao/log/index.ts'
import { serveSampleSite } from '../sample-site/index.ts'
import { type Flags, listOf, numberFlag, print, printable, printJson, type Run, say, settingOf } from '../program/index.ts'
import { freeAddress, ProgressDisplay, startLocalNetwork, startProcessNetwork, summarize, summaryText } from '../up/index.ts'
import { aborted, hostsOf, logger, openApi, unlessStopped, untilStopped } from '../wiring/index.ts'
import { crawlOptions } from './crawl-options.ts'

export const run: Run = async (urls, flags) => {
  const { signal } = untilStopped()
  await using stack = new AsyncDisposableStack()
  const done = await unlessStopped(bringUp(urls, flags, stack, signal), signal)
  if (done) {
    if (flags['json'] === true) printJson(done)
    else print(summaryText(done))
    if (flags['exit'] === true) return
    say('\nThe network keeps running; Ctrl-C stops it.')
    await aborted(signal)
  }
  say('stopping')
}

/** Starts everything and waits for the release. What it opened lies on the stack. */
async function bringUp(urls: string[], flags: Flags, stack: AsyncDisposableStack, signal: AbortSignal) {
  const epochs = Math.max(1, numberFlag(flags, 'epochs', 1))
  const seeds = urls.map(seedOf)
  const given = {
    contributors: Math.max(1, numberFlag(flags, 'contributors', 3)),
    validators: Math.max(1, numberFlag(flags, 'validators', 4)),
    ...crawlOptions(flags, urls.length === 0),
  }
  const hosts = hostsOf(settingOf('hosts', flags))
  const log = await logger(settingOf('logLevel', flags))
  const http = await freeAddress(settingOf('http', flags) as string)
  if (http.wasTaken) say(`${settingOf('http', flags)} is taken; the API gets another port`)
  const home = await newNetworkFolder(settingOf('home', flags) as string)
  const site = urls.length === 0 ? await serveSampleSite() : undefined
  if (site) stack.defer(() => site.close())
  const display = new ProgressDisplay({ live: process.stderr.isTTY && flags['json'] !== true, now: Date.now })
  stack.defer(() => display.end())
  say(
    site
      ? `crawling the bundled sample site: ${Object.keys(site.hosts).length} hosts on 127.0.0.1:${site.port}`
      : `crawling ${printable(urls.join(' '))}`,
  )
  const options = {
    ...given,
    home,
    seeds: site?.urls ?? seeds,
    allowPrivate: [...(site?.allowPrivate ?? []), ...listOf(settingOf('allowPrivate', flags))],
    hosts: { ...site?.hosts, ...hosts },
    contact: 'http://127.0.0.1/',
    signal,
    onProgress: (who: string, progress: Parameters<ProgressDisplay['take']>[1]) => {
      if (!signal.aborted) display.take(who, progress)
    },
  }
  if (flags['processes'] === true) {
    const network = stack.use(
      await startProcessNetwork({
        ...options,
        http: http.address,
        logLevel: settingOf('logLevel', flags) as string,
        onWords: (who, words) => {
          if (/^\{|^ended|\[[A-Z_]+\]$/.test(words)) say(`${who}: ${printable(words)}`)
        },
      }),
    )
    const state = await network.released(epochs)
    display.end()
    return summarize(state, network.names, { home, api: network.url })
  }
  const network = stack.use(await startLocalNetwork({ ...options, logger: log }))
  const api = stack.use(await openApi(network.dao, { address: http.address, web: options }, log))
  const { operator } = network.dao
  const published = (): number => peekCheckpoint(operator.sequencer.checkpoint() ?? '').size
  const state = await operator.until((now) => (isReleased(now, epochs) && published() >= now.size ? now : undefined), signal)
  display.end()
  return summarize(state, network.names, { home, api: api.url })
}

function isReleased({ results, releases }: LedgerState, epochs: number): boolean {
  return results.filter(({ final }) => final).length >= epochs && releases.some(({ throughEpoch }) => throughEpoch >= epochs)
}

/** Every run is a network of its own: `<home>/up/1`, `<home>/up/2`, … also when two begin at once. */
async function newNetworkFolder(home: string): Promise<string> {
  const base = path.resolve(home, 'up')
  await mkdir(base, { recursive: true })
  const taken = (await readdir(base)).map(Number).filter(Number.isSafeInteger)
  for (let number = Math.max(0, ...taken) + 1; ; number++) {
    const folder = path.join(base, String(number))
    const isOurs = await mkdir(folder).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    if (isOurs) return folder
  }
}

function seedOf(text: string): string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError('BAD_URL', `"${printable(text)}" is no http(s) URL`)
  return url.href
}
