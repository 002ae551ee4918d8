/** Asks keyholders for the tokens of a contribution's bands until k good answers are in: what a contributor does before it seals, and who tests a mail. */
import type { Clock } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { codeOf, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type Mesh, patienceMs, tokensProtocol } from '../../core/mesh/index.ts'
import { cborCid, type CID, encode, parse, peerFromDid, type PoolKey, type TokenAnswer, tokenAnswer } from '../../schemas/wire/index.ts'
import { enough } from './enough.ts'
import { blindBands, combineTokens, tokenAnswerFault } from './pool-tokens.ts'

export interface AskForTokens {
  mesh: Pick<Mesh, 'ask'>
  clock: Clock
  /** The subject. */
  signer: Signer
  /** The pool's key as the operator signed it. */
  key: PoolKey
  /** `bandsOf` of the contribution. */
  bands: readonly Uint8Array[]
  /** Pauses in milliseconds after which those are asked again whose answer may be another by then; none: everybody is asked once. */
  again?: readonly number[]
  signal?: AbortSignal
}

/** What passes by itself: a connection, a share that is still on its way, a keyholder whose log is a little behind. */
const PASSING = new Set([
  'NOT_CONNECTED',
  'CALL_TIMEOUT',
  'CALL_RESET',
  'CONNECT_FAILED',
  'UNSUPPORTED_PROTOCOL',
  'OTHER_KEY',
  'NOT_JOINED',
  'INTERNAL',
])

/**
 * Asks every keyholder at once, and is done with the first k good answers. Tokens in order of bands, the CID of the key they are under, and why a
 * keyholder's answer was not used, by account. Who answered well is not asked twice: keyholders count bands. Throws RetryableError NOT_ENOUGH_KEYHOLDERS, whose detail says what each answered.
 */
export async function askForTokens({
  mesh,
  clock,
  signer,
  key,
  bands,
  again = [],
  signal,
}: AskForTokens): Promise<{ tokens: Uint8Array[]; key: CID; faults: Map<string, string> }> {
  const blinded = blindBands(bands)
  const at = Math.floor(clock.now() / 1000)
  const named = cborCid(encode(key))
  const request = encode(
    signObject('token-request', { v: 1, dao: key.dao, key: named, blinded: blinded.blinded, by: signer.did, at }, signer),
  )
  const faults = new Map<string, string>()
  const answers: TokenAnswer[] = []
  let tokens: Uint8Array[] | undefined
  const ask = async (member: string, x: number, timeoutMs: number): Promise<string | undefined> => {
    const reply = await mesh.ask(peerFromDid(member), tokensProtocol, { request }, { timeoutMs, ...(signal && { signal }) })
    if (reply.status === 'refused') return reply.code
    const answer = parse(tokenAnswer, reply.answer, 2048)
    const fault = answer.x === x ? tokenAnswerFault(answer, key, blinded.blinded) : 'OTHER_SEAT'
    if (fault === undefined) answers.push(answer)
    return fault
  }
  let left = key.members.map((member, i) => ({ member, x: i + 1 }))
  for (let attempt = 1; ; attempt++) {
    const timeoutMs = patienceMs(tokensProtocol, attempt)
    const asked = left.map(async ({ member, x }) => {
      const fault = await ask(member, x, timeoutMs).catch((thrown: unknown) => codeOf(thrown))
      if (tokens !== undefined) return
      if (fault === undefined) faults.delete(member)
      else faults.set(member, fault)
      tokens = combineTokens(answers, key, blinded)
    })
    await enough(asked, () => tokens !== undefined)
    if (tokens !== undefined) return { tokens, key: named, faults }
    signal?.throwIfAborted()
    left = left.filter(({ member }) => PASSING.has(faults.get(member) ?? ''))
    const pause = again[attempt - 1]
    if (pause === undefined || answers.length + left.length < key.k) break
    await clock.sleep(pause, signal)
  }
  throw new RetryableError('NOT_ENOUGH_KEYHOLDERS', `${answers.length} of the ${key.k} keyholders needed gave their part`, {
    detail: { good: answers.length, needed: key.k, faults: Object.fromEntries(faults) },
  })
}
