import { UsageError, RefusedError } from '../../core/errors/index.ts'
import { explain } from '../../dao/ledger/index.ts'
import { logFolder, replayFolder } from '../wiring/index.ts'
import { print, printable, printJson, type Run, settingOf } from '../program/index.ts'

export const run: Run = async ([what], flags) => {
  const { ledger, files } = await replayFolder(logFolder(settingOf('home', flags) as string, flags['log'] as string | undefined))
  const { state } = ledger
  const last = state.results.at(-1)?.epoch
  const subject = what === undefined ? last : /^\d{1,9}$/.test(what) ? Number(what) : what
  if (subject === undefined)
    throw new UsageError('SUBJECT_MISSING', 'no epoch is closed yet; name an account (did:key:…), an epoch or a batch')
  const found = explain(state, subject, files)
  if (found === undefined)
    throw new RefusedError(
      'UNKNOWN_SUBJECT',
      `the ledger knows nothing of ${String(subject)}; name an account (did:key:…), an epoch number or a manifest CID`,
    )
  if (flags['json'] === true) return printJson(found)
  print(`${found.about} ${found.subject}`)
  for (const { text, index } of found.reasons)
    print(printable(`  ${index === null ? '        ' : `entry ${String(index).padEnd(5)}`}${text}`))
}
