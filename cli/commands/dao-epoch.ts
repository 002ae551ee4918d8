import path from 'node:path'
import { signEntry } from '../../core/envelope/index.ts'
import { FatalError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { openKeyFile } from '../../core/identity/index.ts'
import { PHASES, type Phase } from '../../schemas/wire/index.ts'
import { getJson, httpBase } from '../wiring/index.ts'
import { print, printJson, type Run, settingOf } from '../program/index.ts'

interface Info {
  ledger: string
  operator: string
  /** How many entries the operator wrote: the number of its next one. */
  operatorEntries: number
  epoch: { number: number; phase: Phase } | null
  checkpoint: string | null
  size: number
}

export const run: Run = async ([action], flags) => {
  if (action !== undefined && action !== 'advance')
    throw new UsageError('BAD_ACTION', `"${action}" is no action; "advance" ends the current phase`)
  const base = httpBase(`http://${settingOf('http', flags)}`)
  const info = (await getJson(base, '/v1/info')) as Info
  if (action === undefined) {
    if (flags['json'] === true) printJson({ ledger: info.ledger, epoch: info.epoch, size: info.size })
    else
      print(
        info.epoch === null
          ? `${info.ledger}: no epoch has begun`
          : `${info.ledger}: epoch ${info.epoch.number}, phase ${info.epoch.phase}, ${info.size} entries`,
      )
    return
  }
  await advance(base, info, settingOf('home', flags) as string)
  print('the phase ended')
}

/** Signs the next `epoch.phase` with the operator's key; the service checks it like any other entry. */
async function advance(base: string, info: Info, home: string): Promise<void> {
  const key = await openKeyFile(path.join(home, 'keys', 'identity.key'))
  if (key.did !== info.operator)
    throw new RefusedError('NOT_THE_OPERATOR', `only the operator's home may end a phase; ${home} holds another key`)
  const at = info.epoch === null ? -1 : PHASES.indexOf(info.epoch.phase)
  const epoch = info.epoch === null ? 1 : at === PHASES.length - 1 ? info.epoch.number + 1 : info.epoch.number
  const phase = PHASES[(at + 1) % PHASES.length] as Phase
  const entry = signEntry(
    { t: 'epoch.phase', p: { epoch, phase, note: info.checkpoint ?? '' }, a: key.did, n: info.operatorEntries },
    info.ledger,
    key,
  )
  const response = await fetch(`${base}/v1/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: Buffer.from(entry),
    signal: AbortSignal.timeout(30_000),
  })
  if (response.ok) return
  const problem = (await response.json().catch(() => ({}))) as { code?: string; detail?: string; title?: string }
  if (response.status === 422)
    throw new RefusedError(problem.code ?? 'REFUSED', problem.detail ?? problem.title ?? 'the service refused the entry')
  throw new FatalError('HTTP_STATUS', `${base} answered ${response.status}`)
}
