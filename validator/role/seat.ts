/** The statement with which a validator asks for its seat: keys that say one thing each, and the tips of its two hash chains. */
import { signObject } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { formatVkey, noteKey, SIGNATURE_TYPES } from '../../dao/log/index.ts'
import type { ValidatorStatement } from '../../schemas/wire/index.ts'
import type { HashChain } from '../chains/index.ts'

export interface ValidatorKeys {
  identity: Signer
  witness: Signer
  mirror: Signer
  audit: Signer
}

export interface SeatRequest {
  ledgerId: string
  keys: ValidatorKeys
  operator: string
  asn: number | null
  beacon: HashChain
  sampling: HashChain
  chainLength: number
}

const vkeyOf = (ledgerId: string, what: string, identity: Signer, key: Signer): string =>
  formatVkey(noteKey(`${ledgerId}/${what}/${identity.peer}`, SIGNATURE_TYPES.cosignature, key.publicKey))

export function seatStatement({ ledgerId, keys, operator, asn, beacon, sampling, chainLength }: SeatRequest): ValidatorStatement {
  const said = {
    v: 1 as const,
    ledger: ledgerId,
    validator: keys.identity.did,
    operator,
    asn,
    witness: vkeyOf(ledgerId, 'witness', keys.identity, keys.witness),
    mirror: vkeyOf(ledgerId, 'mirror', keys.identity, keys.mirror),
    audit: vkeyOf(ledgerId, 'audit', keys.identity, keys.audit),
    beaconTip: beacon.tip,
    sampleTip: sampling.tip,
    chainLength,
  }
  return signObject('validator', said, keys.identity)
}
