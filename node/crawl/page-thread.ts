/** A worker thread's side of `WorkerPool`: whole pages in, whole results out, bytes moved and not copied. */
import { setFlagsFromString } from 'node:v8'
import { parentPort } from 'node:worker_threads'
import type { SiteRules } from '../../schemas/permission/index.ts'
import type { SelectorSchema } from '../../schemas/wire/index.ts'
import { type PageJob, type PageRecord, type PageResult, workPage } from './page-work.ts'

/**
 * A site's rules are sent once per thread and named by number afterwards. The charter's schemas hold until others come: a thread that got them
 * with every page would compile them with every page.
 */
export type ToThread =
  | { number: number; rules: SiteRules }
  | { forget: true }
  | { selectors: readonly SelectorSchema[] }
  | { id: number; job: Omit<PageJob, 'rules' | 'selectors'>; site: number }

export type FromThread =
  | { ready: true }
  /** `links`: the result's, a line each; a hundred strings cost more to send than all else of a page. */
  | { id: number; result: PageResult; links: string; bytes: Pick<PageJob['exchange'], 'requestHead' | 'responseHead' | 'body'> }
  | { id: number; fault: string }

// What a page is made of dies with it. But the young generation begins so small that the first pages outlive its collections, and V8 concludes
// that such objects are old: from then on it makes them where only a whole collection finds them, which cost a fifth of a thread's work.
setFlagsFromString('--no-allocation-site-pretenuring')

const port = parentPort
if (port !== null) {
  const sites = new Map<number, SiteRules>()
  let selectors: readonly SelectorSchema[] = []
  port.on('message', (message: ToThread) => {
    if ('rules' in message) sites.set(message.number, message.rules)
    else if ('forget' in message) sites.clear()
    else if ('selectors' in message) selectors = message.selectors
    else {
      const { id, job, site } = message
      const { exchange } = job
      try {
        const rules = sites.get(site) as SiteRules
        const result = workPage({ ...job, rules, selectors }, { isOnce: true })
        const { requestHead, responseHead, body } = exchange
        const bytes = { requestHead, responseHead, body }
        const { moved, buffers } = bundled(result)
        port.postMessage({ id, result: { ...moved, links: [] }, links: result.links.join('\n'), bytes } satisfies FromThread, [
          ...buffers,
          ...new Set([requestHead.buffer, responseHead.buffer, body.buffer] as ArrayBuffer[]),
        ])
      } catch (thrown) {
        port.postMessage({ id, fault: thrown instanceof Error ? thrown.name : 'unknown' } satisfies FromThread)
      }
    }
  })
  port.postMessage({ ready: true } satisfies FromThread)
}

/** All of a result's bytes in one buffer of their own, which can be moved: small ones lie in pools that cannot. */
function bundled(result: PageResult): { moved: PageResult; buffers: ArrayBuffer[] } {
  if (result.measured === undefined) return { moved: result, buffers: [] }
  const { measured, more, evidence } = result
  const records = [measured, ...more]
  const parts = [...records.flatMap((one) => [one.record, one.contentDigest, one.sketch, one.packed]), ...evidence.members]
  const buffer = new ArrayBuffer(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  const placed = (part: Uint8Array): Uint8Array => {
    const view = new Uint8Array(buffer, at, part.byteLength)
    view.set(part)
    at += part.byteLength
    return view
  }
  const [first, ...further] = records.map((one) => ({
    ...one,
    record: placed(one.record),
    contentDigest: placed(one.contentDigest),
    sketch: placed(one.sketch),
    packed: placed(one.packed),
  })) as [PageRecord, ...PageRecord[]]
  const moved = { ...result, measured: first, more: further, evidence: { ...evidence, members: evidence.members.map(placed) } }
  return { moved, buffers: [buffer] }
}
