import { writeFile } from 'node:fs/promises'
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { proveInclusion } from '../../dao/log/index.ts'
import { openDiskLogStore } from '../../dao/stores/index.ts'
import { logFolder } from '../wiring/index.ts'
import { type Run, say, settingOf } from '../program/index.ts'

export const run: Run = async ([index = ''], flags) => {
  if (!/^\d{1,15}$/.test(index)) throw new UsageError('BAD_INDEX', 'which entry? give its index, a whole number')
  const folder = logFolder(settingOf('home', flags) as string, flags['log'] as string | undefined)
  const store = await openDiskLogStore(folder)
  const note = await store.read('checkpoint')
  if (note === undefined) throw new InvalidInputError('NO_CHECKPOINT', `${folder} holds no checkpoint`)
  const proof = await proveInclusion(store, new TextDecoder().decode(note), Number(index))
  if (typeof flags['out'] !== 'string') {
    process.stdout.write(proof)
    return
  }
  await writeFile(flags['out'], proof)
  say(`wrote ${flags['out']}`)
}
