/** The network of `quern up` inside a test: roles over TCP on loopback, the bundled site, one folder for everything. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type SampleSite, serveSampleSite } from '../../cli/sample-site/index.ts'
import { type LocalNetwork, type LocalNetworkOptions, startLocalNetwork } from '../../cli/up/index.ts'
import { type Api, logger, openApi } from '../../cli/wiring/index.ts'

export interface TestNetwork extends LocalNetwork {
  home: string
  site: SampleSite
  api: Api
  /** Stops the roles, keeps the folder and the site. */
  stop(): Promise<void>
}

export async function startTestNetwork(options: Partial<LocalNetworkOptions> = {}): Promise<TestNetwork> {
  await using stack = new AsyncDisposableStack()
  const home = await mkdtemp(path.join(tmpdir(), 'quern-network-'))
  stack.defer(() => rm(home, { recursive: true, force: true }))
  const site = await serveSampleSite({ slowMs: 20 })
  stack.defer(() => site.close())
  const log = await logger('error')
  const running = stack.use(new AsyncDisposableStack())
  const network = running.use(
    await startLocalNetwork({
      home,
      seeds: site.urls,
      allowPrivate: site.allowPrivate,
      hosts: site.hosts,
      contact: 'http://127.0.0.1/',
      contributors: 3,
      validators: 4,
      delayMs: 0,
      logger: log,
      ...options,
    }),
  )
  const api = running.use(await openApi(network.dao, { address: '127.0.0.1:0', web: { allowPrivate: [], hosts: site.hosts } }, log))
  const owned = stack.move()
  return { ...network, home, site, api, stop: () => running.disposeAsync(), [Symbol.asyncDispose]: () => owned.disposeAsync() }
}
