/** One Ed25519 key, three spellings: did:key in entries, peer id on the mesh, public key bytes in signatures. */
import { base58btc } from 'multiformats/bases/base58'
import { z } from 'zod'
import { concatBytes, WireError } from './bytes.ts'
import { remember } from './remember.ts'

const ED25519_PUB = Uint8Array.of(0xed, 0x01)
/** Multihash "identity" of libp2p's protobuf public key: type Ed25519, 32 bytes. */
const PEER_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** did:key of an Ed25519 public key (W3C did:key): always 56 characters. */
export const did = z.string().regex(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/, 'must be a did:key of an Ed25519 key')

export function didFromPublicKey(publicKey: Uint8Array): string {
  return `did:key:${base58btc.encode(concatBytes(ED25519_PUB, publicKey))}`
}

/** The 32 public key bytes; throws WireError BAD_DID. */
export function publicKeyFromDid(account: string): Uint8Array {
  return keys(account).slice()
}

const keys = remember((account: string): Uint8Array => {
  try {
    const bytes = base58btc.decode(account.slice('did:key:'.length))
    if (account.startsWith('did:key:z') && bytes.byteLength === 34 && bytes[0] === 0xed && bytes[1] === 0x01) return bytes.slice(2)
  } catch {
    // falls through to the one error below
  }
  throw new WireError('BAD_DID', 'not a did:key of an Ed25519 key')
})

/** Peer-id multihash: what commitments hash. */
export function peerMultihash(account: string): Uint8Array {
  return concatBytes(PEER_PREFIX, publicKeyFromDid(account))
}

/** The peer id as libp2p prints it: `12D3KooW…`. */
export const peerFromDid: (account: string) => string = remember((account: string) => base58btc.encode(peerMultihash(account)).slice(1))

/** Throws WireError BAD_PEER. */
export const didFromPeer: (peer: string) => string = remember((peer: string) => {
  let bytes: Uint8Array
  try {
    bytes = base58btc.decode(`z${peer}`)
  } catch {
    throw new WireError('BAD_PEER', 'not a peer id')
  }
  if (bytes.byteLength !== 38 || !PEER_PREFIX.every((byte, i) => bytes[i] === byte))
    throw new WireError('BAD_PEER', 'not an Ed25519 peer id')
  return didFromPublicKey(bytes.slice(6))
})
