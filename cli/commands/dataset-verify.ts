import { verifyRelease } from '../../dao/dataset/index.ts'
import { UsageError } from '../../core/errors/index.ts'
import { replayFolder } from '../wiring/index.ts'
import { print, printable, printJson, type Run, say } from '../program/index.ts'

export const run: Run = async ([folder], flags) => {
  if (folder === undefined) throw new UsageError('FOLDER_MISSING', 'which folder?')
  const log = flags['log']
  const state = typeof log === 'string' ? (await replayFolder(log)).ledger.state : undefined
  const report = await verifyRelease({ folder, ...(state ? { log: { ledger: state.id, releases: state.releases } } : {}) })
  if (flags['json'] === true) printJson(report)
  for (const { code, message, file } of report.problems) say(printable(`${file ?? folder}: ${message} [${code}]`))
  const { checked } = report
  if (report.ok && flags['json'] !== true)
    print(
      `right: ${report.root}, ${checked.files} files, ${checked.bytes} bytes, ${checked.rows ?? 0} rows${checked.log ? ', and as the log says' : ''}`,
    )
  return report.ok ? 0 : 3
}
