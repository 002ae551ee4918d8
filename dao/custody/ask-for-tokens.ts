/** Asks keyholders for the tokens of a contribution's bands until k good answers are in: what a contributor does before it seals. */
import type { Clock } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { codeOf, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { type Mesh, tokensProtocol } from '../../core/mesh/index.ts'
import { cborCid, type CID, encode, parse, peerFromDid, type PoolKey, type TokenAnswer, tokenAnswer } from '../../schemas/wire/index.ts'
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
  signal?: AbortSignal
}

/**
 * Tokens in order of bands, the CID of the key they are under, and why a keyholder's answer was not used, by account. Throws RetryableError NOT_ENOUGH_KEYHOLDERS, whose detail says what
 * each answered.
 */
export async function askForTokens({
  mesh,
  clock,
  signer,
  key,
  bands,
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
  await Promise.all(
    key.members.map(async (member, i) => {
      try {
        const reply = await mesh.ask(peerFromDid(member), tokensProtocol, { request }, { ...(signal && { signal }) })
        if (reply.status === 'refused') return void faults.set(member, reply.code)
        const answer = parse(tokenAnswer, reply.answer, 2048)
        const fault = answer.x === i + 1 ? tokenAnswerFault(answer, key, blinded.blinded) : 'OTHER_SEAT'
        if (fault === undefined) answers.push(answer)
        else faults.set(member, fault)
      } catch (thrown) {
        faults.set(member, codeOf(thrown))
      }
    }),
  )
  const tokens = combineTokens(answers, key, blinded)
  if (tokens !== undefined) return { tokens, key: named, faults }
  throw new RetryableError('NOT_ENOUGH_KEYHOLDERS', `${answers.length} of the ${key.k} keyholders needed gave their part`, {
    detail: { good: answers.length, needed: key.k, faults: Object.fromEntries(faults) },
  })
}
