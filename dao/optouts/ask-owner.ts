/** What the owner of a host says to every Quern network, looked for without being asked to: its `quern.txt`, and the DNS of its name and domain. */
import { getDomain } from 'tldts'
import type { Clock } from '../../core/effects/index.ts'
import type { ResolveTxt, Web } from '../../core/web/index.ts'
import { QUERN_TXT_PATH } from '../../schemas/permission/index.ts'
import { isOrdinary } from './domain.ts'
import { askQuernRecords, askQuernTxt, type OptOutFound, quernName } from './prove-opt-out.ts'

export interface OwnWord extends OptOutFound {
  /** Where it was said: the host, or the domain above it. */
  domain: string
}

export interface AskOwnerOptions {
  /** Absent where robots.txt keeps us from asking for the file. */
  web?: Pick<Web, 'get'> | undefined
  /** Without it the DNS is not asked; nor is it for an address, or a port of its own. */
  resolveTxt?: ResolveTxt | undefined
  clock: Clock
  signal: AbortSignal
}

/** Every opt-out that is said, none where nothing is, or where nobody answers. Throws only the signal's reason. */
export async function askOwner(origin: string, { web, resolveTxt, clock, signal }: AskOwnerOptions): Promise<OwnWord[]> {
  const { host } = new URL(origin)
  const words: OwnWord[] = []
  const hear = (domain: string, said: OptOutFound | string): void => {
    if (typeof said !== 'string') words.push({ domain, ...said })
  }
  if (web) hear(host, await askQuernTxt(origin + QUERN_TXT_PATH, { web, signal }))
  if (resolveTxt === undefined || !isOrdinary(host)) return words
  const above = getDomain(host)
  const names = above === null || above === host ? [host] : [host, above]
  for (const domain of names) hear(domain, await askQuernRecords(quernName(domain), { resolveTxt, clock, signal }))
  return words
}
