/**
 * Whether a contribution's mail attests it: the service signed it, and it went to the account that the index names. What cannot be found out is no, and
 * nobody's fault. Of the mail nothing leaves this function but yes or no; its address goes to the keyholders blinded.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type Mesh, untilAborted } from '../../core/mesh/index.ts'
import { askForTokens } from '../../dao/custody/index.ts'
import { checkExportMail } from '../../dao/export-mail/index.ts'
import type { ResolveTxt } from '../../core/web/index.ts'
import { accountBand } from '../../schemas/export-mail/index.ts'
import { cborCid, encode, equalBytes, type ExportMailTerms, type PoolIndex, type PoolKey, toHex } from '../../schemas/wire/index.ts'

/** What testers hold mails to in an epoch. */
export interface MailTerms {
  terms: ExportMailTerms
  lookup: ResolveTxt
  /** Key of the pool's tokens, as the policy of the contribution names it. */
  key: PoolKey
  tokenOf: AccountTokens
  /** When the contribution was revealed, Unix seconds. */
  at: number
}

export interface ToAttest extends MailTerms {
  /** What is looked at, for the log. */
  manifest: string
  plain: Uint8Array
  index: PoolIndex
  logger: Logger
  signal: AbortSignal
}

/** Keyholders may be restarting: asked again after so many milliseconds. */
const AGAIN_MS = [1000, 4000]

/** The token of an account's band under a key of the pool. Rejects where too few keyholders gave their part. */
export type AccountTokens = (key: PoolKey, band: Uint8Array) => Promise<Uint8Array>

/**
 * Of an epoch: asks once for each account, however many contributions bring its mail, since keyholders count what a validator asks in a day and whoever
 * has one mail can offer it under many names.
 */
export function accountTokens(asking: { mesh: Pick<Mesh, 'ask'>; signer: Signer; clock: Clock; signal: AbortSignal }): AccountTokens {
  const asked = new Map<string, Promise<Uint8Array>>()
  const ask = async (key: PoolKey, band: Uint8Array): Promise<Uint8Array> => {
    const { tokens } = await askForTokens({ ...asking, key, bands: [band], again: AGAIN_MS })
    return tokens[0] as Uint8Array
  }
  return (key, band) => {
    const name = `${cborCid(encode(key)).toString()} ${toHex(band)}`
    const known = asked.get(name)
    if (known !== undefined) return known
    const fresh = ask(key, band)
    asked.set(name, fresh)
    // keyholders may be back for the next who brings it
    fresh.catch(() => asked.delete(name))
    return fresh
  }
}

export async function isAttested({ manifest, plain, index, terms, lookup, key, tokenOf, at, logger, signal }: ToAttest): Promise<boolean> {
  const [source, ...more] = new Set(index.rows.map((row) => row.source))
  const { account } = index
  if (source === undefined || more.length > 0 || account === undefined) return false
  try {
    const verdict = await checkExportMail({ bytes: plain, source, terms, at }, lookup, signal)
    if (!verdict.ok) {
      logger.info('mail-does-not-attest', { manifest, code: verdict.code })
      return false
    }
    const isNamed = equalBytes(await untilAborted(signal, () => tokenOf(key, accountBand(verdict.account))), account)
    if (!isNamed) logger.info('mail-does-not-attest', { manifest, code: 'OTHER_ACCOUNT' })
    return isNamed
  } catch (thrown) {
    logger.info('mail-does-not-attest', { manifest, code: codeOf(thrown) })
    return false
  }
}
