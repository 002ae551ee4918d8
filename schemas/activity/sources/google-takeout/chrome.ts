import { dropped } from '../../draft.ts'
import { fieldsOf, jsonValues, stringOf } from '../../read/index.ts'
import type { FileKind } from '../../source.ts'
import { parseEpoch } from '../../times.ts'

/** `BrowserHistory.json`, `History.json`. */
export const chrome: FileKind = {
  name: 'chrome-history',
  path: /\.json$/,
  head: /"Browser History"\s*:\s*\[/,
  weight: 3,
  async *events(file) {
    for await (const values of jsonValues(file))
      for (const { path, value } of values) {
        if (path.join('/') !== 'Browser History') continue
        const row = fieldsOf(value)
        const url = stringOf(row['url'])
        // pages of the browser, of this machine, and parts of pages
        if (url === undefined || !/^https?:/.test(url) || /SUBFRAME|RELOAD/.test(stringOf(row['page_transition']) ?? ''))
          yield dropped('system')
        else yield { type: 'View', kind: 'page', timeMs: parseEpoch(row['time_usec']), name: stringOf(row['title']), url }
      }
  },
}
