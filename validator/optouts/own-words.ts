/** The owner's own word to every Quern network, asked for politely and as far as robots.txt lets us. */
import type { Clock } from '../../core/effects/index.ts'
import type { AskedSite, ResolveTxt } from '../../core/web/index.ts'
import { askOwner, type OwnWord } from '../../dao/optouts/index.ts'
import { mayFetch, QUERN_TXT_PATH } from '../../schemas/permission/index.ts'
import type { PoliteWeb, Visit } from '../manners/index.ts'

export interface OwnWordsOptions {
  web: PoliteWeb
  /** See `askOwner`. */
  resolveTxt?: ResolveTxt | undefined
  clock: Clock
}

/** See `askOwner`. Throws only the visit's reason. */
export function ownWords(
  origin: string,
  { rules }: Pick<AskedSite, 'rules'>,
  { agent, ...visit }: Visit & { agent: string },
  { web, resolveTxt, clock }: OwnWordsOptions,
): Promise<OwnWord[]> {
  const { signal } = visit
  const get = { get: (url: string, options = {}) => web.get(url, { ...visit, isRuleFile: true }, options) }
  const mayAsk = mayFetch(rules.robots.rules, agent, origin + QUERN_TXT_PATH).allowed
  return askOwner(origin, { ...(mayAsk && { web: get }), resolveTxt, clock, signal })
}
