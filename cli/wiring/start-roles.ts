/** Roles as a process runs them: a home folder, real peers, the real web. */
import path from 'node:path'
import type { Logger } from '../../core/effects/index.ts'
import { makeFolder } from '../../core/home/index.ts'
import { openDiskKv } from '../../core/kv/index.ts'
import { openWeb, txtResolver, type Web } from '../../core/web/index.ts'
import { openPoolReleases } from '../../dao/index.ts'
import { Operator, type OperatorProgress } from '../../dao/operator/index.ts'
import { DiskWaitingShares, openDiskLogStore } from '../../dao/stores/index.ts'
import {
  Contributor,
  type ContributorProgress,
  crawlGather,
  type CrawlGatherOptions,
  type DenyList,
  type PageWorker,
} from '../../node/index.ts'
import { openShareTable, type PoolHome, Validator, type ValidatorProgress } from '../../validator/index.ts'
import type { Charter } from '../../schemas/wire/index.ts'
import { AGENT } from '../program/index.ts'
import { isPublicMultiaddr } from './listen.ts'
import { readReleaseSecret } from './pool-releases.ts'
import { releaseJob } from './release-job.ts'
import { resharesFolder, waitingSharesFolder } from './places.ts'
import { openReshares } from './reshares.ts'
import { openRoleHome, type RoleHome } from './role-home.ts'
import { secureBytes, systemClock, systemEffects } from './system.ts'

export interface WebSettings {
  /** CIDR[:PORT] besides what the charter allows. */
  allowPrivate: string[]
  /** Names resolved by this list. */
  hosts: Record<string, string>
  /** HTTP proxy; none when absent. */
  proxy?: string | undefined
}

interface RoleOptions {
  home: string
  listen: string[]
  announce?: string[]
  privateNetwork: boolean
  /** What blocks may take in each space, in bytes. */
  maxBytes?: number | undefined
  logger: Logger
  /** Ends a start that waits for its DAO, and the role. */
  signal?: AbortSignal
}

export interface RunningOperator extends AsyncDisposable {
  home: RoleHome
  operator: Operator
  addresses: string[]
}

export async function startOperator(
  options: RoleOptions & {
    charter: Uint8Array
    manual?: boolean
    /** Age in days at which a pool's shares are dealt anew; 0: only by the operator's command. */
    shareDays?: number | undefined
    pollMs?: number
    onProgress?: (progress: OperatorProgress) => void
  },
): Promise<RunningOperator> {
  const stack = new AsyncDisposableStack()
  try {
    const home = stack.use(await openRoleHome(options))
    const operator = stack.use(
      await Operator.start({
        ...systemEffects,
        mesh: home.mesh,
        storage: home.storage,
        files: home.files,
        kv: home.kv,
        logStore: await openDiskLogStore(path.join(home.folder, 'log')),
        signer: home.identity,
        logKey: await home.key('log-t0'),
        charter: options.charter,
        logger: options.logger.child('dao'),
        advance: !options.manual,
        pollMs: options.pollMs ?? 1000,
        reshares: () => openReshares(resharesFolder(home.folder)),
        ...(options.shareDays !== undefined && { shareDays: options.shareDays }),
        waitingShares: new DiskWaitingShares(waitingSharesFolder(home.folder)),
        release: releaseJob({ folder: path.join(home.folder, 'releases'), logger: options.logger.child('release') }),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      }),
    )
    const { serveInclusion } = await openPoolReleases()
    const dao = operator.ledgerId
    stack.use(serveInclusion({ mesh: home.mesh, clock: systemClock, dao, secretOf: (release) => readReleaseSecret(home.folder, release) }))
    const owned = stack.move()
    return { home, operator, addresses: home.mesh.addresses(), [Symbol.asyncDispose]: () => owned.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

export interface RunningContributor extends AsyncDisposable {
  home: RoleHome
  contributor: Contributor
}

export async function startContributor(
  options: RoleOptions & {
    dao: string[]
    web: WebSettings
    contact?: string | null
    /** How its owner has it crawl. */
    crawl?: Pick<CrawlGatherOptions, 'deny' | 'own'> & { worker?: PageWorker | undefined }
    pollMs?: number
    onProgress?: (progress: ContributorProgress) => void
  },
): Promise<RunningContributor> {
  const stack = new AsyncDisposableStack()
  try {
    const home = stack.use(await openRoleHome(options))
    const logger = options.logger.child('node')
    const contributor = stack.use(
      await Contributor.start({
        ...systemEffects,
        mesh: home.mesh,
        storage: home.storage,
        files: home.files,
        kv: home.kv,
        signer: home.identity,
        logger,
        dao: options.dao,
        mayDial: options.privateNetwork ? undefined : isPublicMultiaddr,
        signal: options.signal,
        contact: options.contact ?? null,
        pollMs: options.pollMs ?? 2000,
        gather: crawlGather({
          clock: systemClock,
          openWeb: (charter) => webFor(charter, options.web, logger),
          logger: logger.child('crawl'),
          agentToken: AGENT,
          folder: path.join(home.folder, 'crawl'),
          signer: home.identity,
          deny: options.crawl?.deny,
          own: options.crawl?.own ?? {},
          overrides: options.crawl?.worker ? { worker: options.crawl.worker } : {},
        }),
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      }),
    )
    const owned = stack.move()
    return { home, contributor, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

export interface RunningValidator extends AsyncDisposable {
  home: RoleHome
  validator: Validator
}

export async function startValidator(
  options: RoleOptions & {
    dao: string[]
    web: WebSettings
    operator: string
    /** Where this validator does not go. */
    deny?: DenyList | undefined
    pollMs?: number
    onProgress?: (progress: ValidatorProgress) => void
  },
): Promise<RunningValidator> {
  const stack = new AsyncDisposableStack()
  try {
    const home = stack.use(await openRoleHome(options))
    const logger = options.logger.child('validator')
    const [witness, mirror, audit] = await Promise.all([home.key('witness'), home.key('mirror'), home.key('audit')])
    const validator = stack.use(
      await Validator.start({
        ...systemEffects,
        mesh: home.mesh,
        storage: home.storage,
        files: home.files,
        kv: home.kv,
        keys: { identity: home.identity, witness, mirror, audit },
        openWeb: (charter) => webFor(charter, options.web, logger),
        resolveTxt: txtResolver(),
        agentToken: AGENT,
        deny: options.deny,
        logger,
        dao: options.dao,
        mayDial: options.privateNetwork ? undefined : isPublicMultiaddr,
        signal: options.signal,
        operator: options.operator,
        secret: () => secureBytes(32),
        pool: () => openPoolHome(path.join(home.folder, 'keyholder')),
        pollMs: options.pollMs ?? 2000,
        ...(options.onProgress ? { onProgress: options.onProgress } : {}),
      }),
    )
    const owned = stack.move()
    return { home, validator, [Symbol.asyncDispose]: () => owned.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

/** A keyholder's shares, the key they lie under, and its papers; the key's file is best on another disk than the table. */
async function openPoolHome(folder: string): Promise<PoolHome> {
  await makeFolder(folder)
  const table = await openShareTable(path.join(folder, 'shares'), path.join(folder, 'kek'))
  const kv = await openDiskKv(path.join(folder, 'state'))
  return { table, kv, [Symbol.asyncDispose]: () => kv[Symbol.asyncDispose]() }
}

/** A web client by the charter's rules: its contact in the User-Agent, its private addresses let through the guard. */
export function webFor(charter: Charter, { allowPrivate, hosts, proxy }: WebSettings, logger: Logger): Promise<Web> {
  return openWeb({
    clock: systemClock,
    userAgent: `${AGENT}/1.0 (+${charter.contact})`,
    allowPrivate: [...charter.sources.allowPrivate, ...allowPrivate],
    hosts,
    proxy,
    logger,
  })
}
