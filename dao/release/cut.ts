import { type BuildInput, buildRelease, type Release, TrainingDenied } from './build.ts'
import { recordsToLookUp, type SelectInput, selectRecords } from './select.ts'
import type { Selection } from './types.ts'

export type CutInput = Omit<SelectInput, 'urlOf' | 'denied'> & Omit<BuildInput, 'selection'>

/**
 * From a state to a release: looks up the URLs that path opt-outs ask for, selects, writes; and begins again without the records whose evidence,
 * now read, denies training (rare: they are fraud that no draw met). Each round leaves out some, so it ends; the result depends on bytes alone.
 */
export async function cutRelease({ state, files, throughEpoch, charter, ...build }: CutInput): Promise<Release & { selection: Selection }> {
  const input: SelectInput = {
    state,
    files,
    ...(throughEpoch === undefined ? {} : { throughEpoch }),
    ...(charter === undefined ? {} : { charter }),
  }
  const urls = new Map<string, string>()
  for (const row of recordsToLookUp(input)) {
    const { record } = await build.readRecord(row)
    const { url } = JSON.parse(new TextDecoder().decode(record)) as { url?: unknown }
    if (typeof url === 'string') urls.set(row.record.toString(), url)
  }
  const denied = new Set<string>()
  for (;;) {
    const selection = selectRecords({ ...input, urlOf: (record) => urls.get(record.toString()), denied })
    try {
      return { ...(await buildRelease({ selection, ...build })), selection }
    } catch (thrown) {
      if (!(thrown instanceof TrainingDenied)) throw thrown
      for (const record of thrown.records) denied.add(record.toString())
    }
  }
}
