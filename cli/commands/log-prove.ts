import { writeFile } from 'node:fs/promises'
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { formatAddCheckpoint, LogReader, peekCheckpoint, proveInclusion } from '../../dao/log/index.ts'
import { openDiskLogStore } from '../../dao/stores/index.ts'
import { logFolder } from '../wiring/index.ts'
import { numberFlag, printJson, type Run, say, settingOf } from '../program/index.ts'

export const run: Run = async ([index], flags) => {
  const isGrowth = flags['from'] !== undefined
  const from = numberFlag(flags, 'from', 0)
  if (index !== undefined && !/^\d{1,15}$/.test(index)) throw new UsageError('BAD_INDEX', 'which entry? give its index, a whole number')
  if ((index === undefined) !== isGrowth)
    throw new UsageError('BAD_INDEX', 'give the index of an entry, or --from the size of an earlier log')
  const folder = logFolder(settingOf('home', flags) as string, flags['log'] as string | undefined)
  const store = await openDiskLogStore(folder)
  const bytes = await store.read('checkpoint')
  if (bytes === undefined) throw new InvalidInputError('NO_CHECKPOINT', `${folder} holds no checkpoint`)
  const note = new TextDecoder().decode(bytes)
  const { size } = peekCheckpoint(note)
  const proof =
    index === undefined
      ? formatAddCheckpoint({ old: from, proof: await new LogReader(store, size).consistency(from), note })
      : await proveInclusion(store, note, Number(index))
  const out = flags['out']
  if (typeof out === 'string') await writeFile(out, proof)
  if (flags['json'] === true)
    return printJson({ index: index === undefined ? null : Number(index), from: isGrowth ? from : null, size, proof, out: out ?? null })
  if (typeof out === 'string') say(`wrote ${out}`)
  else process.stdout.write(proof)
}
