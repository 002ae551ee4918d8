/**
 * May the records of an earlier crawl stand? What a page says is its HTML and its header together, and only the HTML is known to be the same:
 * a site reserves its pages by a header without touching one of them, or says by it that they are in another charset.
 */
import { type Exchange, warcDigest } from '../../schemas/evidence/index.ts'
import { trainDecision } from '../../schemas/permission/index.ts'
import { refuseNoindexHeader } from '../../schemas/pipeline/index.ts'
import { equalBytes, WireError } from '../../schemas/wire/index.ts'
import { type EarlierVisit, recordOf } from './earlier.ts'
import { asksNotToFollow, type PageJob, type PageResult, type PageWorker, trainingRefusal } from './page-work.ts'

/** Its records may stand; any other outcome is that of a page read for the first time. */
export const STANDS = 'LINKS_ONLY'

/** Whether an answer says that the body of then stands. */
export function isUnchanged({ status, body }: Exchange, { facts }: EarlierVisit): boolean {
  return status === 304 || (status === 200 && warcDigest(body) === facts.response.payloadDigest)
}

/** The same body under another head, perhaps: read as any page is. Records stand that come out of it as the `members` of then hold them. */
export async function sameBody(job: PageJob, worker: PageWorker, members: readonly Uint8Array[]): Promise<PageResult> {
  const result = await worker.work(job)
  if (result.measured === undefined) return result
  const records = [result.measured, ...result.more].map(({ record }) => record)
  const isSame = records.length === members.length && members.every((member, i) => equalBytes(recordOf(member), records[i] as Uint8Array))
  return isSame ? { outcome: STANDS, links: result.links } : result
}

/**
 * A 304: what its header and the site say now, without the page. Of what it does not repeat the earlier answer stands, which was kept under the
 * same profile; `links` are those of then.
 */
export function notModified(job: PageJob, links: string[]): PageResult {
  const { exchange, agentToken: agent, rules, profile } = job
  const { url, headers, responseHead: head } = exchange
  const followed = asksNotToFollow(exchange, [], agent) ? [] : links
  const refusal = trainingRefusal(trainDecision({ url, agent, site: rules, headers, html: null, head }), profile)
  if (refusal !== undefined) return { ...refusal, links: followed }
  return noindex(job, followed) ?? { outcome: STANDS, links: followed }
}

function noindex({ exchange }: PageJob, links: string[]): PageResult | undefined {
  try {
    refuseNoindexHeader(exchange.headers)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown
    return { outcome: thrown.code, detail: thrown.message, links }
  }
}
