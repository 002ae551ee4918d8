import type { Ed25519PrivateKey } from '@libp2p/interface'
import type { Signer } from './signer.ts'

export { openKeyFile } from './key-file.ts'
export { generateKey, keyFromSeed, type Signer } from './signer.ts'
export { verifySignature } from './verify.ts'

/** The signer's private key for libp2p; loads libp2p's crypto on first use. */
export async function openLibp2pKey(signer: Signer): Promise<Ed25519PrivateKey> {
  const { libp2pKeyOf } = await import('./libp2p-key.ts')
  return libp2pKeyOf(signer)
}
