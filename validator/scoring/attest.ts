/**
 * Whether a contribution's mail attests it: the service signed it, and it went to the account that the index names. What cannot be found out is no, and
 * nobody's fault. Of the mail nothing leaves this function but yes or no; its address goes to the keyholders blinded.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { askForTokens } from '../../dao/custody/index.ts'
import { checkExportMail, type KeyLookup } from '../../dao/export-mail/index.ts'
import { accountBand } from '../../schemas/export-mail/index.ts'
import { equalBytes, type ExportMailTerms, type PoolIndex, type PoolKey } from '../../schemas/wire/index.ts'

/** What testers hold mails to in an epoch. */
export interface MailTerms {
  terms: ExportMailTerms
  lookup: KeyLookup
  /** Key of the pool's tokens, as the policy of the contribution names it. */
  key: PoolKey
  /** When the contribution was revealed, Unix seconds. */
  at: number
}

export interface ToAttest extends MailTerms {
  /** What is looked at, for the log. */
  manifest: string
  plain: Uint8Array
  index: PoolIndex
  mesh: Pick<Mesh, 'ask'>
  signer: Signer
  clock: Clock
  logger: Logger
  signal: AbortSignal
}

/** Keyholders may be restarting: asked again after so many milliseconds. */
const AGAIN_MS = [1000, 4000]

export async function isAttested({
  manifest,
  plain,
  index,
  terms,
  lookup,
  key,
  at,
  logger,
  signal,
  ...asking
}: ToAttest): Promise<boolean> {
  const [source, ...more] = new Set(index.rows.map((row) => row.source))
  const { account } = index
  if (source === undefined || more.length > 0 || account === undefined) return false
  try {
    const verdict = await checkExportMail({ bytes: plain, source, terms, at }, lookup, signal)
    if (!verdict.ok) {
      logger.info('mail-does-not-attest', { manifest, code: verdict.code })
      return false
    }
    const { tokens } = await askForTokens({ ...asking, key, bands: [accountBand(source, verdict.address)], again: AGAIN_MS, signal })
    const isNamed = equalBytes(tokens[0] as Uint8Array, account)
    if (!isNamed) logger.info('mail-does-not-attest', { manifest, code: 'OTHER_ACCOUNT' })
    return isNamed
  } catch (thrown) {
    logger.info('mail-does-not-attest', { manifest, code: codeOf(thrown) })
    return false
  }
}
