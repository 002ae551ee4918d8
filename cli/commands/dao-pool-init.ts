import { existsSync } from 'node:fs'
import { UsageError } from '../../core/errors/index.ts'
import { writeFileDurably } from '../../core/home/index.ts'
import { poolTemplate, readPoolFile } from '../../dao/pool-policy/index.ts'
import { listOf, print, printJson, type Run } from '../program/index.ts'

export const run: Run = async (_args, flags) => {
  const out = String(flags['out'])
  if (existsSync(out)) throw new UsageError('FILE_EXISTS', `${out} is there already; edit it, or give another --out`)
  const needed = (name: string, why: string): string => {
    const value = flags[name]
    if (typeof value !== 'string' || value === '') throw new UsageError('FLAG_MISSING', `${why}: give --${name}`)
    return value
  }
  const yaml = poolTemplate({
    name: needed('name', 'people must know who asks for their data'),
    address: needed('address', 'who answers for data has a postal address'),
    contact: needed('contact', 'people must be able to reach you'),
    jurisdiction: String(flags['jurisdiction']),
    authority: String(flags['authority']),
    trainers: listOf(flags['trainers'] as string | undefined),
  })
  readPoolFile(yaml)
  await writeFileDurably(out, yaml)
  if (flags['json'] === true) printJson({ pool: out })
  else print(`pool  ${out}\nNext: edit ${out}; when your validators are seated, "quern dao pool open ${out}".`)
}
