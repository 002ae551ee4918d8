import path from 'node:path'
import { UsageError } from '../../core/errors/index.ts'
import { audit, type AuditOptions, type AuditReport } from '../../dao/audit/index.ts'
import { DiskFiles, openDiskLogStore } from '../../dao/stores/index.ts'
import { toHex } from '../../schemas/wire/index.ts'
import { bytesOf, httpBase, LogCopy, logFolder } from '../wiring/index.ts'
import { type Flags, liveLine, print, printable, printJson, type Run, say, settingOf } from '../program/index.ts'

export const run: Run = async ([given], flags) => {
  const rules: Pick<AuditOptions, 'ledgerId'> = typeof flags['ledger'] === 'string' ? { ledgerId: flags['ledger'] } : {}
  const report = typeof flags['dao'] === 'string' ? await auditOf(flags['dao'], given, rules, flags) : await auditCopy(given, rules, flags)
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

async function auditCopy(given: string | undefined, rules: Pick<AuditOptions, 'ledgerId'>, flags: Flags): Promise<AuditReport> {
  const folder = logFolder(settingOf('home', flags) as string, given)
  return audit({ ...rules, log: await openDiskLogStore(folder), files: new DiskFiles(path.join(folder, 'files')) })
}

/** Copies the log of a DAO as the replay reads it, going on where an earlier run stopped. */
async function auditOf(dao: string, folder: string | undefined, rules: Pick<AuditOptions, 'ledgerId'>, flags: Flags): Promise<AuditReport> {
  if (folder === undefined)
    throw new UsageError('FOLDER_MISSING', 'where shall the copy of the log lie? quern ledger audit FOLDER --dao URL')
  const maxBytes = bytesOf(String(flags['maxBytes'])) as number
  using line = liveLine(flags)
  const copy = await LogCopy.open({ dao: httpBase(dao), folder, maxBytes, onFile: (count) => line.show(`${count} files`) })
  const report = await audit({ ...rules, log: copy.log, files: copy.files })
  await copy.keep(report.problems)
  return report
}
