/** Terms: one log per sequencer's term, each with its own origin and key. Term 0 begins with `genesis`, a later one with `takeover`. */
import { parseDecimal } from './base64.ts'
import { formatVkey, noteKey, type NoteSigner, noteSigner, SIGNATURE_TYPES } from './note-key.ts'
import type { Signer } from '../../core/identity/index.ts'

/** The origin of a term's log, and the name of its key: `<ledger id>/t<term>`. */
export function logOrigin(ledgerId: string, term: number): string {
  return `${ledgerId}/t${term}`
}

/** Ledger and term of an origin; undefined when it is no origin of ours. */
export function parseLogOrigin(origin: string): { ledgerId: string; term: number } | undefined {
  const at = origin.lastIndexOf('/t')
  const term = at > 0 ? parseDecimal(origin.slice(at + 2)) : undefined
  return term === undefined ? undefined : { ledgerId: origin.slice(0, at), term }
}

/** The verifier key of a term's log, as `genesis` carries it. */
export function logVkey(ledgerId: string, term: number, publicKey: Uint8Array): string {
  return formatVkey(noteKey(logOrigin(ledgerId, term), SIGNATURE_TYPES.ed25519, publicKey))
}

export function logSigner(ledgerId: string, term: number, key: Pick<Signer, 'publicKey' | 'sign'>): NoteSigner {
  return noteSigner(logOrigin(ledgerId, term), SIGNATURE_TYPES.ed25519, key)
}
