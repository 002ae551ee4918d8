import path from 'node:path'
import { RefusedError } from '../../core/errors/index.ts'
import { healthOf } from '../life/index.ts'
import { print, printJson, type Run, settingOf } from '../program/index.ts'

export const run: Run = async (_args, flags) => {
  const health = await healthOf(path.resolve(settingOf('home', flags) as string))
  if (!health.ok) throw new RefusedError('NOT_ALIVE', health.why)
  if (flags['json'] === true) printJson(health)
  else print(`the ${health.role} is alive`)
}
