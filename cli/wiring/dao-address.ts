/** `--dao`: an HTTP base URL is asked for its multiaddrs, a multiaddr is taken as it is. */
import { z } from 'zod'
import { FatalError, UsageError } from '../../core/errors/index.ts'

const MAX_INFO_BYTES = 1 << 20
const info = z.object({ ledger: z.string().max(128), addresses: z.array(z.string().max(512)).min(1).max(64) })

/** Multiaddrs of the DAO, ending in /p2p/. Throws UsageError BAD_DAO_ADDRESS or FatalError DAO_UNREACHABLE. */
export async function resolveDao(address: string | undefined): Promise<string[]> {
  if (address === undefined)
    throw new UsageError('DAO_MISSING', 'which DAO? give --dao with its HTTP address or multiaddr, or set QUERN_DAO')
  if (address.startsWith('/')) {
    if (!/\/p2p\/[1-9A-HJ-NP-Za-km-z]+$/.test(address))
      throw new UsageError('BAD_DAO_ADDRESS', 'the multiaddr of a DAO ends in /p2p/ and its peer id; "quern dao serve" prints it')
    return [address]
  }
  if (!/^https?:\/\//.test(address)) throw new UsageError('BAD_DAO_ADDRESS', 'a DAO is named by http(s)://… or by /ip4/…/p2p/…')
  let response: Response
  let text: string
  try {
    response = await fetch(new URL('/v1/info', address), { signal: AbortSignal.timeout(15_000) })
    text = await response.text()
  } catch (cause) {
    throw new FatalError('DAO_UNREACHABLE', `nobody answers at ${address}; is "quern dao serve" running there?`, { cause })
  }
  const parsed = text.length <= MAX_INFO_BYTES ? info.safeParse(tryJson(text)) : undefined
  if (!response.ok || !parsed?.success) throw new FatalError('NOT_A_DAO', `${address} does not answer like a DAO of this version`)
  return parsed.data.addresses
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
