import { mkdir, readdir } from 'node:fs/promises'
import path from 'node:path'
import { RefusedError, UsageError } from '../../core/errors/index.ts'
import { openWeb } from '../../core/web/index.ts'
import type { LedgerState } from '../../dao/ledger/index.ts'
import { peekCheckpoint } from '../../dao/log/index.ts'
import { serveSampleSite } from '../sample-site/index.ts'
import { AGENT, type Flags, listOf, numberFlag, print, printable, printJson, type Run, say, settingOf } from '../program/index.ts'
import {
  Ending,
  freeAddress,
  longestWish,
  outcomesOf,
  ProgressDisplay,
  startLocalNetwork,
  startProcessNetwork,
  summarize,
  summaryText,
  type UpSummary,
} from '../up/index.ts'
import { aborted, hostsOf, logger, openApi, systemClock, unlessStopped, untilStopped } from '../wiring/index.ts'
import { contactOf } from './contact.ts'
import { crawlOptions } from './crawl-options.ts'

export const run: Run = async (urls, flags) => {
  const { signal } = untilStopped()
  await using stack = new AsyncDisposableStack()
  const mayExit = flags['exit'] === true
  const done = await unlessStopped(bringUp(urls, flags, stack, signal), signal)
  if (done) {
    const { summary, problem } = done
    if (flags['json'] === true) printJson(summary)
    else print(summaryText(summary))
    if (problem !== undefined) say(`\n${problem}`)
    if (mayExit) return problem === undefined ? 0 : 3
    say('\nThe network keeps running; Ctrl-C stops it.')
    await aborted(signal)
  }
  say('stopping')
  // whoever asked for a release and stopped it before has none
  return done === undefined && mayExit ? 1 : 0
}

/**
 * Starts everything and waits until epochs are closed and released, or nothing of them is left to release. What it opened lies on the stack;
 * `problem` says why the last epoch ended without a release. Throws RefusedError NOTHING_GATHERED when no contributor found a page that it may
 * keep, and no epoch before gave anything to show.
 */
async function bringUp(
  urls: string[],
  flags: Flags,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<{ summary: UpSummary; problem: string | undefined }> {
  const epochs = Math.max(1, numberFlag(flags, 'epochs', 1))
  const seeds = urls.map(seedOf)
  const given = {
    contributors: Math.max(1, numberFlag(flags, 'contributors', 3)),
    validators: Math.max(1, numberFlag(flags, 'validators', 4)),
    ...crawlOptions(flags, urls.length === 0),
  }
  const hosts = hostsOf(settingOf('hosts', flags))
  const contact = contactOf(flags, seeds, hosts)
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
  const ending = new Ending({ contributors: given.contributors, epochs })
  const allowPrivate = [...(site?.allowPrivate ?? []), ...listOf(settingOf('allowPrivate', flags))]
  const crawlDelayMs = site ? 0 : await wishOf(seeds, { contact, allowPrivate, hosts, signal })
  const options = {
    ...given,
    crawlDelayMs,
    home,
    seeds: site?.urls ?? seeds,
    allowPrivate,
    hosts: { ...site?.hosts, ...hosts },
    // whoever owns a site on this machine finds us at our own page
    contact: contact ?? `http://${http.address}/`,
    signal,
    onProgress: (who: string, progress: Parameters<ProgressDisplay['take']>[1]) => {
      ending.take(who, progress)
      if (!signal.aborted) display.take(who, progress)
    },
  }
  const finish = async (state: LedgerState, names: ReadonlyMap<string, string>, api: string) => {
    display.end()
    const ended = ending.of(state)
    const empty = ended?.what === 'nothing-gathered' ? await nothingGathered(home, ended.epoch) : undefined
    if (empty !== undefined && state.results.length === 0) throw empty
    const summary = summarize(state, names, { home, api })
    if (ended?.what === 'released') return { summary, problem: undefined }
    const problem = empty ?? { code: 'NOTHING_TO_RELEASE', message: `epoch ${summary.epoch} is final and holds no record to release` }
    return { summary, problem: `${problem.message} [${problem.code}]` }
  }
  if (flags['processes'] === true) {
    const network = stack.use(
      await startProcessNetwork({
        ...options,
        http: http.address,
        logLevel: settingOf('logLevel', flags) as string,
        onLeave: (who) => ending.leave(who),
        onWords: (who, words) => {
          if (/^\{|^ended|\[[A-Z_]+\]$/.test(words)) say(`${who}: ${printable(words)}`)
        },
      }),
    )
    return finish(await network.until(ending), network.names, network.url)
  }
  const network = stack.use(await startLocalNetwork({ ...options, logger: log }))
  const api = stack.use(await openApi(network.dao, { address: http.address, web: options }, log))
  const { operator } = network.dao
  const published = (): number => peekCheckpoint(operator.sequencer.checkpoint() ?? '').size
  const state = await operator.until((now) => (ending.of(now) !== undefined && published() >= now.size ? now : undefined), signal)
  return finish(state, network.names, api.url)
}

/** Asked before anybody crawls, under the name that everybody will crawl by. */
async function wishOf(
  seeds: string[],
  {
    contact,
    signal,
    ...reach
  }: { contact: string | undefined; allowPrivate: string[]; hosts: Record<string, string>; signal: AbortSignal },
): Promise<number> {
  const userAgent = `${AGENT}/1.0${contact === undefined ? '' : ` (+${contact})`}`
  await using web = await openWeb({ clock: systemClock, userAgent, ...reach })
  return longestWish(seeds, { web, agent: AGENT, clock: systemClock, signal })
}

async function nothingGathered(home: string, epoch: number): Promise<RefusedError> {
  const outcomes = await outcomesOf(home, epoch)
  const commonest = outcomes.slice(0, 5).map(([outcome, count]) => `${outcome} ${count}`)
  const why =
    commonest.length === 0
      ? 'no page was asked for that was not known already'
      : `pages ended as ${commonest.join(', ')}; "quern may-fetch URL" names the line that decides, and ${path.join(home, 'contributor-*', 'crawl')} holds the journals`
  return new RefusedError('NOTHING_GATHERED', `in epoch ${epoch} no contributor gathered anything: ${why}`, {
    detail: { epoch, outcomes: Object.fromEntries(outcomes) },
  })
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
