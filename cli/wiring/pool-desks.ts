/** What a DAO's service answers of its personal pool over HTTP, and the notices that it carries to trainers meanwhile. */
import type { Logger } from '../../core/effects/index.ts'
import { RetryableError } from '../../core/errors/index.ts'
import { Steps } from '../../dao/follower/index.ts'
import { readPolicy, requiredPurposes } from '../../dao/consent/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import type { ApiOptions } from '../../dao/service/index.ts'
import type { CID, PoolRelease, Purpose } from '../../schemas/wire/index.ts'
import { postBytes } from './http.ts'
import { readReleaseManifest, readReleaseSecret } from './pool-releases.ts'
import type { RunningOperator } from './start-roles.ts'
import { systemClock } from './system.ts'

/** What an address did not take is carried there again. */
const NOTICES_EVERY_MS = 10_000

export interface PoolDesks extends AsyncDisposable {
  pool: NonNullable<ApiOptions['pool']>
}

/** Works until disposed, or until the signal. */
export async function openPoolDesks(
  { home, operator }: RunningOperator,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<PoolDesks> {
  const { FeedDesk, NoticeDesk, readPoolRelease, TagDesk } = await openPoolReleases()
  await using stack = new AsyncDisposableStack()
  const shared = { operator: home.identity, clock: systemClock }
  const feed = new FeedDesk({ ...shared, state: () => operator.state, reader: operator.sequencer.reader })
  const withdrawals = () => feed.withdrawals()
  const manifestOf = (release: CID) => readReleaseManifest(home.folder, release)
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
    ...shared,
    endsFor,
    releases: () => operator.state.poolReleases.map(({ release }) => release),
    manifest: manifestOf,
    secret: (release) => readReleaseSecret(home.folder, release),
    withdrawals,
    kv: home.kv,
    logger,
    send: postBytes,
  })
  const telling = stack.use(new Steps({ step: () => notices.step(), clock: systemClock, logger, signal, everyMs: NOTICES_EVERY_MS }))
  stack.use(operator.watch(() => telling.wake()))
  const tags = new TagDesk({
    ...shared,
    endsFor,
    dao: () => operator.state.id,
    withdrawals,
    kept: async (release) => {
      const [secret, manifest] = [await readReleaseSecret(home.folder, release), await manifestOf(release)]
      const read = manifest && readPoolRelease(manifest)
      return secret === undefined || !read?.ok ? undefined : { secret, value: read.value }
    },
  })
  const owned = stack.move()
  const pool = {
    manifest: manifestOf,
    tags: (release: CID) => tags.tags(release),
    feed: () => feed.feed(),
    notices: (release: CID) => notices.box(release),
  }
  return { pool, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
