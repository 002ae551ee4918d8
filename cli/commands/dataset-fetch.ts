import { fetchRelease } from '../../dao/dataset/index.ts'
import { UsageError } from '../../core/errors/index.ts'
import { parseCid } from '../../schemas/wire/index.ts'
import { httpBase, untilStopped } from '../wiring/index.ts'
import { liveLine, print, printJson, type Run, settingOf } from '../program/index.ts'

export const run: Run = async ([given], flags) => {
  const dao = settingOf('dao', flags)
  if (dao === undefined) throw new UsageError('DAO_MISSING', 'from which DAO? give --dao http(s)://…')
  const out = String(flags['out'])
  using line = liveLine(flags)
  const { root, manifest } = await fetchRelease({
    from: httpBase(dao),
    out,
    request: (url, init) => fetch(url, init),
    signal: untilStopped().signal,
    onProgress: (done, of) => line.show(`${done} of ${of} bytes`),
    ...(given === undefined ? {} : { release: parseCid(given) }),
  })
  line.end()
  if (flags['json'] === true) printJson({ release: root.toString(), folder: out, records: manifest.counts.records })
  else print(`${root.toString()}: ${manifest.counts.records} records in ${out}; every file has the digest and CID that the root names`)
}
