import { getJson, httpBase, localReleases } from '../wiring/index.ts'
import { print, printable, printJson, type Run, settingOf, table } from '../program/index.ts'

const COLUMNS = ['release', 'name', 'throughEpoch', 'records', 'date'] as const
const wordOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')

export const run: Run = async (_args, flags) => {
  const dao = settingOf('dao', flags)
  const releases =
    dao === undefined
      ? await localReleases(settingOf('home', flags) as string)
      : ((await getJson(httpBase(dao), '/v1/releases')) as { releases: Record<string, unknown>[] }).releases
  if (flags['json'] === true) for (const release of releases) printJson(release)
  else if (releases.length === 0) print('no releases yet')
  else {
    const rows = releases.map((release) => {
      const cells = release as Record<string, unknown>
      return COLUMNS.map((name) => wordOf(cells[name]))
    })
    print(printable(table([[...COLUMNS], ...rows], 2)))
  }
}
