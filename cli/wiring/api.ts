/** The HTTP API over a running operator. */
import path from 'node:path'
import type { Logger } from '../../core/effects/index.ts'
import { type ResolveTxt, txtResolver, type Web } from '../../core/web/index.ts'
import { OptOutDesk } from '../../dao/optouts/index.ts'
import { openHttp } from '../../dao/service/index.ts'
import { hostPort } from './listen.ts'
import { type RunningOperator, type WebSettings, webFor } from './start-roles.ts'
import { followIndex } from './index-follower.ts'
import { daoMetrics } from './dao-metrics.ts'
import { openPoolDesks } from './pool-desks.ts'
import { systemClock } from './system.ts'

export interface Api extends AsyncDisposable {
  url: string
}

export interface ApiSettings {
  /** host:port; port 0 takes any free one. */
  address: string
  /** How the web is reached when a domain's opt-out is looked for. */
  web: WebSettings
  /** The system's resolver when absent. */
  resolveTxt?: ResolveTxt
}

/** Throws UsageError BAD_HTTP, FatalError LISTEN. */
export async function openApi(
  running: RunningOperator,
  { address, web, resolveTxt = txtResolver() }: ApiSettings,
  logger: Logger,
): Promise<Api> {
  const { home, operator } = running
  const where = hostPort(address)
  const files = operator.logStore
  await using stack = new AsyncDisposableStack()
  const following = stack.use(await followIndex(running, logger.child('index')))
  const stop = new AbortController()
  stack.defer(() => stop.abort(new Error('stopped')))
  let opened: Promise<Web> | undefined
  stack.defer(async () => (await opened?.catch(() => undefined))?.[Symbol.asyncDispose]())
  const openOnce = (): Promise<Web> => {
    opened ??= webFor(operator.state.charter, web, logger).catch((error: unknown) => {
      // the next who asks tries again
      opened = undefined
      throw error
    })
    return opened
  }
  const desk = new OptOutDesk({
    state: () => operator.state,
    write: (t, p, rest) => operator.write(t, p, rest),
    storage: operator.storage,
    look: async () => ({ web: await openOnce(), resolveTxt }),
    clock: systemClock,
    logger: logger.child('opt-out'),
    signal: stop.signal,
  })
  const { pool } = stack.use(await openPoolDesks(running, { logger: logger.child('notices'), signal: stop.signal }))
  const http = await openHttp({
    state: () => (operator.state.size === 0 ? undefined : operator.state),
    log: (term) => (term === 0 ? { files, reader: operator.sequencer.reader } : undefined),
    term: () => 0,
    files: operator.files,
    releases: path.join(home.folder, 'releases'),
    storage: operator.storage,
    index: following.index,
    metrics: await daoMetrics(() => operator.custody()),
    custody: () => operator.custody(),
    submit: (entry, attached) => operator.submit(entry, attached),
    optOut: (domain) => desk.ask(domain),
    pool,
    addresses: () => home.mesh.addresses(),
    clock: systemClock,
    logger: logger.child('http'),
  })
  const listening = stack.use(await http.listen(where))
  const owned = stack.move()
  return { url: listening.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
