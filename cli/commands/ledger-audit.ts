import path from 'node:path'
import { audit } from '../../dao/audit/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import { toHex } from '../../schemas/wire/index.ts'
import { logFolder } from '../wiring/index.ts'
import { print, printable, printJson, type Run, say, settingOf } from '../program/index.ts'

export const run: Run = async ([given], flags) => {
  const folder = logFolder(settingOf('home', flags) as string, given)
  const report = await audit({ log: await openDiskLogStore(folder), files: new DiskFiles(path.join(folder, 'files')) })
  const { ok, ledger, size, verified, epochs, problems, pending, invalid } = report
  if (flags['json'] === true) printJson({ ok, ledger, size, verified, epochs, problems, pending, invalid })
  else {
    print(`ledger ${ledger}: ${size} entries, ${verified} files read and verified`)
    for (const { epoch, root, matches, final } of epochs)
      print(`epoch ${epoch}  root ${toHex(root)}  ${matches ? 'recomputed, identical' : 'DIFFERS'}${final ? ', final' : ''}`)
    for (const { index, code, message } of invalid) print(printable(`entry ${index} is a no-op: ${message} [${code}]`))
    for (const { where, entry } of pending)
      print(`${where}: not here and not yet needed (named by entry ${entry}, of a batch that has not counted)`)
    if (ok) print('right: every number follows from the entries')
  }
  for (const { what, where, code } of problems) say(printable(`${where}: ${what} [${code}]`))
  return ok ? 0 : 3
}
