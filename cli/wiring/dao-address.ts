/** `--dao`: an HTTP base URL is asked for its multiaddrs, a multiaddr is taken as it is. */
import { FatalError, UsageError } from '../../core/errors/index.ts'
import { daoInfo, httpBase } from './http.ts'

/** Multiaddrs of the DAO, ending in /p2p/. Throws UsageError BAD_DAO_ADDRESS or what `daoInfo` throws. */
export async function resolveDao(address: string | undefined): Promise<string[]> {
  if (address === undefined)
    throw new UsageError('DAO_MISSING', 'which DAO? give --dao with its HTTP address or multiaddr, or set QUERN_DAO')
  if (address.startsWith('/')) {
    if (!/\/p2p\/[1-9A-HJ-NP-Za-km-z]+$/.test(address))
      throw new UsageError('BAD_DAO_ADDRESS', 'the multiaddr of a DAO ends in /p2p/ and its peer id; "quern dao serve" prints it')
    return [address]
  }
  if (!/^https?:\/\//.test(address)) throw new UsageError('BAD_DAO_ADDRESS', 'a DAO is named by http(s)://… or by /ip4/…/p2p/…')
  const { addresses } = await daoInfo(httpBase(address))
  if (addresses.length === 0) throw new FatalError('NOT_A_DAO', `${address} names no address of its peer`)
  return addresses
}
