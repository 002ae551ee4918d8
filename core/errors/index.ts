/** Coded errors. The class says what the caller should do; the code is stable; the message names the next step. */

export interface ErrorOptionsWithDetail {
  cause?: unknown
  /** Numbers and ids that help; never secrets or page content. */
  detail?: Record<string, unknown>
}

export class QuernError extends Error {
  readonly code: string
  readonly detail: Record<string, unknown>
  constructor(code: string, message: string, { cause, detail }: ErrorOptionsWithDetail = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.detail = detail ?? {}
  }
}

/** Input from a person, a file or the network that breaks its rules. */
export class InvalidInputError extends QuernError {}
/** Wrong words on the command line: exit code 2. */
export class UsageError extends QuernError {}
/** The answer is "no": not allowed, not verified, stale. Exit code 3. */
export class RefusedError extends QuernError {}
/** A peer broke the protocol: penalise, do not forward. */
export class RejectedMessageError extends QuernError {}
/** May succeed later: time-outs, resets, a full queue. */
export class RetryableError extends QuernError {}
/** Will not succeed by trying again. */
export class FatalError extends QuernError {}
/** A proof did not hold; `detail` carries what a third party needs to see it. */
export class ProofError extends QuernError {}

export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}

export function codeOf(thrown: unknown): string {
  return thrown instanceof QuernError ? thrown.code : 'INTERNAL'
}
