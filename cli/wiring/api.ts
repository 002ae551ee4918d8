/** The HTTP API over a running operator. */
import path from 'node:path'
import type { Logger } from '../../core/effects/index.ts'
import { RetryableError } from '../../core/errors/index.ts'
import { openPrometheus } from '../../core/events/index.ts'
import { type ResolveTxt, txtResolver, type Web } from '../../core/web/index.ts'
import { readPolicy, requiredPurposes } from '../../dao/consent/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { Steps } from '../../dao/follower/index.ts'
import { OptOutDesk } from '../../dao/optouts/index.ts'
import { openHttp } from '../../dao/service/index.ts'
import type { PoolRelease, Purpose } from '../../schemas/wire/index.ts'
import { hostPort } from './listen.ts'
import { type RunningOperator, type WebSettings, webFor } from './start-roles.ts'
import { followIndex } from './index-follower.ts'
import { postBytes } from './http.ts'
import { readReleaseManifest, readReleaseSecret } from './pool-releases.ts'
import { systemClock } from './system.ts'

/** What an address did not take is carried there again. */
const NOTICES_EVERY_MS = 10_000

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
  const { FeedDesk, NoticeDesk, readPoolRelease, TagDesk } = await openPoolReleases()
  const withdrawals = new FeedDesk({
    state: () => operator.state,
    reader: operator.sequencer.reader,
    operator: home.identity,
    clock: systemClock,
  })
  const endsFor = ({ purposes, policies }: Pick<PoolRelease, 'purposes' | 'policies'>): Purpose[] => {
    const needed = policies.flatMap((cid) => {
      const read = readPolicy(operator.files.read(cid) ?? new Uint8Array())
      // nothing is signed for a policy that cannot be read now: what its pool needs would be taken for nothing
      if (!read.ok) throw new RetryableError('POLICY_MISSING', `the policy ${String(cid)} cannot be read`)
      return requiredPurposes(read.policy)
    })
    return [...new Set([...purposes, ...needed])]
  }
  const notices = new NoticeDesk({
    endsFor,
    releases: () => operator.state.poolReleases.map(({ release }) => release),
    manifest: (release) => readReleaseManifest(home.folder, release),
    secret: (release) => readReleaseSecret(home.folder, release),
    withdrawals: () => withdrawals.withdrawals(),
    operator: home.identity,
    clock: systemClock,
    kv: home.kv,
    logger: logger.child('notices'),
    send: postBytes,
  })
  const telling = stack.use(
    new Steps({
      step: () => notices.step(),
      clock: systemClock,
      logger: logger.child('notices'),
      signal: stop.signal,
      everyMs: NOTICES_EVERY_MS,
    }),
  )
  stack.use(operator.watch(() => telling.wake()))
  const tags = new TagDesk({
    endsFor,
    dao: () => operator.state.id,
    withdrawals: () => withdrawals.withdrawals(),
    kept: async (release) => {
      const [secret, manifest] = [await readReleaseSecret(home.folder, release), await readReleaseManifest(home.folder, release)]
      const read = manifest && readPoolRelease(manifest)
      return secret === undefined || !read?.ok ? undefined : { secret, value: read.value }
    },
    operator: home.identity,
    clock: systemClock,
  })
  const http = await openHttp({
    state: () => (operator.state.size === 0 ? undefined : operator.state),
    log: (term) => (term === 0 ? { files, reader: operator.sequencer.reader } : undefined),
    term: () => 0,
    files: operator.files,
    releases: path.join(home.folder, 'releases'),
    storage: operator.storage,
    index: following.index,
    metrics: await openPrometheus(),
    submit: (entry, attached) => operator.submit(entry, attached),
    optOut: (domain) => desk.ask(domain),
    pool: {
      manifest: (release) => readReleaseManifest(home.folder, release),
      tags: (release) => tags.tags(release),
      feed: () => withdrawals.feed(),
      notices: (release) => notices.box(release),
    },
    addresses: () => home.mesh.addresses(),
    clock: systemClock,
    logger: logger.child('http'),
  })
  const listening = stack.use(await http.listen(where))
  const owned = stack.move()
  return { url: listening.url, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
