/** T1: whether an honest page could have changed like this between two fetches. */
import { Lru } from '../../core/cache/index.ts'
import { compareWebPages, webPageRecord } from '../../schemas/web-page/index.ts'
import { type Charter, concatBytes, equalBytes, sha256, sha256Hex, u32 } from '../../schemas/wire/index.ts'

/** The validators of one process look at the same pairs. */
const judged = new Lru<string, { same: boolean }>(4096)

/**
 * Whether `refetched` says the same as `record` by the charter's thresholds; both are canonical JSON of web-page records.
 * Statistical: a "no" is one failed draw, never fraud. Bytes that are no record are not the same as anything.
 */
export function judgeRefetch({ testing }: Pick<Charter, 'testing'>, record: Uint8Array, refetched: Uint8Array): boolean {
  if (equalBytes(record, refetched)) return true
  const { sameLanes, containmentPpm, sentencePpm } = testing
  const key = sha256Hex(sha256(record), sha256(refetched), concatBytes(...[sameLanes, containmentPpm, sentencePpm].map(u32)))
  return judged.recall(key, () => {
    const [committed, again] = [pageOf(record), pageOf(refetched)]
    return { same: committed !== undefined && again !== undefined && compareWebPages(committed, again, testing).same }
  }).same
}

function pageOf(bytes: Uint8Array) {
  try {
    return webPageRecord.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))).data
  } catch {
    return undefined
  }
}
