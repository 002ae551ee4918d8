/** The same key in the form libp2p wants. Only `openLibp2pKey` loads this file. */
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Ed25519PrivateKey } from '@libp2p/interface'
import { type Signer, seedOf } from './signer.ts'

export function libp2pKeyOf(signer: Signer): Promise<Ed25519PrivateKey> {
  return generateKeyPairFromSeed('Ed25519', seedOf(signer))
}
