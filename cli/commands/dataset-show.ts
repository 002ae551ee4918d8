import { showRelease } from '../../dao/dataset/index.ts'
import { getJson, httpBase, releaseFolder } from '../wiring/index.ts'
import { print, printable, printJson, type Run, settingOf, table } from '../program/index.ts'

export const run: Run = async ([given], flags) => {
  const dao = settingOf('dao', flags)
  if (dao !== undefined) {
    const path = given === undefined ? '/v1/releases/latest' : `/v1/releases/${encodeURIComponent(given)}`
    return printJson(await getJson(httpBase(dao), path))
  }
  const folder = await releaseFolder(settingOf('home', flags) as string, given)
  const { manifest, shares } = await showRelease(folder)
  if (flags['json'] === true) return printJson({ folder, manifest, shares })
  const { counts } = manifest
  print(
    [
      `${manifest.name}  through epoch ${manifest.throughEpoch}  ${manifest.date}`,
      `${counts.records} records, ${counts.tokens} tokens, ${counts.bytes} bytes in ${folder}`,
      `ledger   ${manifest.ledger}`,
      `charter  ${manifest.charter.cid}`,
      '',
    ].join('\n'),
  )
  const rows = shares.rows.map((row) => [row.account, row.points, `${(row.ppm / 10_000).toFixed(2)} %`])
  print(printable(table([['account', 'points', 'share'], ...rows])))
}
