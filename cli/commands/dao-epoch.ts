import path from 'node:path'
import { RefusedError, UsageError } from '../../core/errors/index.ts'
import { openKeyFile } from '../../core/identity/index.ts'
import { PHASES, type Phase } from '../../schemas/wire/index.ts'
import { type DaoInfo, daoInfo, httpBase, operatorWriter } from '../wiring/index.ts'
import { print, printJson, type Run, settingOf } from '../program/index.ts'

export const run: Run = async ([action], flags) => {
  if (action !== undefined && action !== 'advance')
    throw new UsageError('BAD_ACTION', `"${action}" is no action; "advance" ends the current phase`)
  const base = httpBase(`http://${settingOf('http', flags)}`)
  const info = await daoInfo(base)
  const epoch = action === undefined ? info.epoch : await advance(base, info, settingOf('home', flags) as string)
  if (flags['json'] === true) return printJson({ ledger: info.ledger, epoch, size: info.size })
  const where = epoch === null ? 'no epoch has begun' : `epoch ${epoch.number}, phase ${epoch.phase}`
  print(action === undefined ? `${info.ledger}: ${where}, ${info.size} entries` : `the phase ended: ${where}`)
}

/** Signs the next `epoch.phase` with the operator's key; the service checks it like any other entry. Gives the phase that began. */
async function advance(base: string, info: DaoInfo, home: string): Promise<{ number: number; phase: Phase }> {
  const key = await openKeyFile(path.join(home, 'keys', 'identity.key'))
  if (key.did !== info.operator)
    throw new RefusedError('NOT_THE_OPERATOR', `only the operator's home may end a phase; ${home} holds another key`)
  const at = info.epoch === null ? -1 : PHASES.indexOf(info.epoch.phase)
  const number = info.epoch === null ? 1 : at === PHASES.length - 1 ? info.epoch.number + 1 : info.epoch.number
  const phase = PHASES[(at + 1) % PHASES.length] as Phase
  await operatorWriter(base, info.ledger, key)('epoch.phase', { epoch: number, phase, note: info.checkpoint ?? '' })
  return { number, phase }
}
