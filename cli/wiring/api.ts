/** The HTTP API over a running operator. */
import path from 'node:path'
import type { Logger } from '../../core/effects/index.ts'
import { openPrometheus } from '../../core/events/index.ts'
import { openHttp } from '../../dao/service/index.ts'
import { hostPort } from './listen.ts'
import type { RunningOperator } from './start-roles.ts'
import { systemClock } from './system.ts'

export interface Api extends AsyncDisposable {
  url: string
}

/** `address` is host:port; port 0 takes any free one. Throws UsageError BAD_HTTP, FatalError LISTEN. */
export async function openApi({ home, operator }: RunningOperator, address: string, logger: Logger): Promise<Api> {
  const where = hostPort(address)
  const files = operator.logStore
  const http = await openHttp({
    state: () => (operator.state.size === 0 ? undefined : operator.state),
    log: (term) => (term === 0 ? { files, reader: operator.sequencer.reader } : undefined),
    term: () => 0,
    files: operator.files,
    releases: path.join(home.folder, 'releases'),
    storage: operator.storage,
    metrics: await openPrometheus(),
    submit: (entry, attached) => operator.submit(entry, attached),
    addresses: () => home.mesh.addresses(),
    clock: systemClock,
    logger: logger.child('http'),
  })
  const listening = await http.listen(where)
  return { url: listening.url, [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose]() }
}
