/** A whole network on this machine: a DAO, contributors and validators over real TCP on 127.0.0.1. */
import path from 'node:path'
import type { Logger } from '../../core/effects/index.ts'
import type { OperatorProgress } from '../../dao/operator/index.ts'
import type { ContributorProgress } from '../../node/index.ts'
import type { ValidatorProgress } from '../../validator/index.ts'
import {
  operatorOf,
  type RunningContributor,
  type RunningOperator,
  type RunningValidator,
  startContributor,
  startOperator,
  startValidator,
} from '../wiring/index.ts'
import { type LocalCharterOptions, localCharter, numbered } from './local-charter.ts'

export interface LocalNetworkOptions extends LocalCharterOptions {
  /** Folder of this network; each role has one below it. */
  home: string
  hosts: Record<string, string>
  /** Where a contributor listens; on loopback unless said, and nowhere when empty. */
  listen?: (name: string) => string[]
  logger: Logger
  /** Ends the start as well as the work. */
  signal?: AbortSignal
  onProgress?: (who: string, progress: OperatorProgress | ContributorProgress | ValidatorProgress) => void
}

export interface LocalNetwork extends AsyncDisposable {
  dao: RunningOperator
  contributors: RunningContributor[]
  validators: RunningValidator[]
  /** Account → name for people. */
  names: Map<string, string>
}

const LISTEN = ['/ip4/127.0.0.1/tcp/0']
/** A local network asks for news quickly: nobody is far away. */
const POLL_MS = 500

export async function startLocalNetwork(options: LocalNetworkOptions): Promise<LocalNetwork> {
  const { home, logger, onProgress, hosts } = options
  await using stack = new AsyncDisposableStack()
  const names = new Map<string, string>()
  const shared = { listen: LISTEN, privateNetwork: true, logger, pollMs: POLL_MS, ...(options.signal ? { signal: options.signal } : {}) }
  const daoHome = path.join(home, 'dao')
  const operator = await operatorOf(daoHome)
  const charter = localCharter(operator, options)
  const dao = stack.use(await startOperator({ ...shared, home: daoHome, charter, onProgress: (progress) => onProgress?.('dao', progress) }))
  const web = { allowPrivate: [], hosts }
  const validators = await Promise.all(
    numbered('validator', options.validators).map(async (name) => {
      const role = stack.use(
        await startValidator({
          ...shared,
          home: path.join(home, name),
          dao: dao.addresses,
          web,
          operator: name,
          onProgress: (progress) => onProgress?.(name, progress),
        }),
      )
      names.set(role.home.identity.did, name)
      return role
    }),
  )
  const contributors = await Promise.all(
    numbered('contributor', options.contributors).map(async (name) => {
      const role = stack.use(
        await startContributor({
          ...shared,
          ...(options.listen ? { listen: options.listen(name) } : {}),
          home: path.join(home, name),
          dao: dao.addresses,
          web,
          onProgress: (progress) => onProgress?.(name, progress),
        }),
      )
      names.set(role.home.identity.did, name)
      return role
    }),
  )
  const owned = stack.move()
  return { dao, contributors, validators, names, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
