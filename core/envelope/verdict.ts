/** What looking at somebody else's bytes gives: a value, or a coded reason that can be sent back to them. */
import { WireError } from '../../schemas/wire/index.ts'

export interface Refusal {
  ok: false
  /** TOO_LARGE NOT_CBOR NOT_CANONICAL FLOAT UNDEFINED TOO_DEEP BAD_SHAPE UNKNOWN_TYPE BAD_SIGNATURE */
  code: string
  message: string
}

export const refusal = (code: string, message: string): Refusal => ({ ok: false, code, message })

/** Turns what the wire layer throws into a refusal; anything else is a bug and goes on. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof WireError) return refusal(thrown.code, thrown.message)
  throw thrown
}
