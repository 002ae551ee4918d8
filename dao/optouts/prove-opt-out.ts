/** Looks whether a domain's owner opted out: by a file that only they can put there, or in the DNS. */
import type { Clock } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { ResolveTxt, Web } from '../../core/web/index.ts'
import { decodeBody, type Exchange, fetchGroup } from '../../schemas/evidence/index.ts'
import { MAX_QUERN_TXT_BYTES, parseQuernTxt, QUERN_TXT_PATH } from '../../schemas/permission/index.ts'
import { canonicalJson, concatBytes, utf8 } from '../../schemas/wire/index.ts'

export interface ProveOptOutOptions {
  web: Web
  resolveTxt: ResolveTxt
  clock: Clock
  signal: AbortSignal
}

/** Where an opt-out was looked for and was not. */
export interface Tried {
  where: string
  /** HTTP_404, NO_OPT_OUT (there is an answer, without such a line), or a code of the web or the resolver. */
  outcome: string
}

export type OptOutProof =
  | {
      found: true
      where: string
      /** null stands for everything; see `parseQuernTxt`. */
      patterns: (string | null)[]
      /** WARC members of the fetch, or the DNS answer as canonical JSON. */
      evidence: Uint8Array
      /** Unix seconds. */
      at: number
    }
  | { found: false; tried: Tried[] }

/**
 * `domain` as `domainOf` gives it. Asks `https://DOMAIN/.well-known/quern.txt`, the same by http, then the TXT records of `_quern.DOMAIN`;
 * the first that opts out counts. A redirect proves nothing: whoever it leads to does not own the domain. Throws only the signal's reason.
 */
export async function proveOptOut(domain: string, options: ProveOptOutOptions): Promise<OptOutProof> {
  const tried: Tried[] = []
  for (const scheme of ['https', 'http']) {
    const where = `${scheme}://${domain}${QUERN_TXT_PATH}`
    const answer = await askQuernTxt(where, options)
    if (typeof answer !== 'string') return { found: true, where, ...answer }
    tried.push({ where, outcome: answer })
  }
  const name = quernName(domain)
  const answer = await askQuernRecords(name, options)
  if (typeof answer !== 'string') return { found: true, where: `TXT ${name}`, ...answer }
  return { found: false, tried: [...tried, { where: `TXT ${name}`, outcome: answer }] }
}

export type OptOutFound = Omit<Extract<OptOutProof, { found: true }>, 'found' | 'where'>

/** The same by one URL: what it opts out, or why it does not. */
export async function askQuernTxt(
  url: string,
  { web, signal }: { web: Pick<Web, 'get'>; signal: AbortSignal },
): Promise<OptOutFound | string> {
  let exchange: Exchange
  let text: string
  try {
    exchange = await web.get(url, { signal, maxBytes: MAX_QUERN_TXT_BYTES, maxDecodedBytes: MAX_QUERN_TXT_BYTES })
    if (exchange.status !== 200) return `HTTP_${exchange.status}`
    text = new TextDecoder().decode(decodeBody(exchange, MAX_QUERN_TXT_BYTES))
  } catch (error) {
    signal.throwIfAborted()
    return codeOf(error)
  }
  const patterns = parseQuernTxt(text)
  if (patterns.length === 0) return 'NO_OPT_OUT'
  return { patterns, evidence: concatBytes(...fetchGroup(exchange).members), at: Math.floor(exchange.fetchedAt / 1000) }
}

/** The name whose TXT records speak for a domain and all below it. */
export const quernName = (domain: string): string => `_quern.${domain.replace(/:\d+$/, '')}`

/** The same by the TXT records of one name. */
export async function askQuernRecords(
  name: string,
  { resolveTxt, clock, signal }: Pick<ProveOptOutOptions, 'resolveTxt' | 'clock' | 'signal'>,
): Promise<OptOutFound | string> {
  let records: string[]
  try {
    records = await resolveTxt(name, signal)
  } catch (error) {
    signal.throwIfAborted()
    return codeOf(error)
  }
  const patterns = parseQuernTxt(records.join('\n'))
  if (patterns.length === 0) return records.length === 0 ? 'NO_RECORD' : 'NO_OPT_OUT'
  const at = Math.floor(clock.now() / 1000)
  return { patterns, evidence: utf8(canonicalJson({ at, name, records, type: 'TXT' })), at }
}
