/** Asks keyholders for chunk keys until k good answers are in: what scorers and assemblers do. */
import type { Clock } from '../../core/effects/index.ts'
import { signObject } from '../../core/envelope/index.ts'
import { codeOf, RetryableError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { keyreqProtocol, type Mesh, ownerPartProtocol } from '../../core/mesh/index.ts'
import {
  cborCid,
  encode,
  type KeyAnswer,
  keyAnswer,
  ownerAnswer,
  parse,
  peerFromDid,
  type PoolManifest,
  type PoolRole,
  type Purpose,
} from '../../schemas/wire/index.ts'
import { type AgeIdentity, generateAgeIdentity, openWithIdentities } from './age.ts'
import { answerFault, ChunkPoints, combineAnswers, type OpenedKeys } from './chunk-keys.ts'
import { enoughInTurn } from './enough.ts'

export interface AskForKeys {
  mesh: Pick<Mesh, 'ask'>
  clock: Clock
  signer: Signer
  manifest: PoolManifest
  committee: { k: number; members: readonly string[] }
  indices: readonly number[]
  role: PoolRole
  purpose: Purpose
  epoch: number
  /** Bytes of the releaseOrder, for an assembler. */
  order?: Uint8Array
  /** Peer id of whoever reaches the owner's node, where custody is `committee+owner`: the DAO, or that node itself. */
  ownerVia?: string
  /** Seats, from 0: k of them are asked first, in this order, and the others for who does not answer well, or in time. None: everybody is asked at once. */
  seats?: readonly number[]
  /** What answers are sealed to, for whoever asks many times; none: a new one. */
  replyTo?: AgeIdentity
  signal?: AbortSignal
}

/** An answer to 64 indices takes a keyholder a fifth of a second, and there may be some before it. */
const SLOW_MS = 5000

/** `faults`: why a keyholder's answer was not used, by account; FORGED, KEY_COMMIT and the like are for the DAO to hear of. SLOW: another was asked in its place. */
export interface Opened extends OpenedKeys {
  faults: Map<string, string>
}

/**
 * Asks keyholders, all at once or in the order of `seats`, and is done with the first k that agree. Throws RetryableError NOT_ENOUGH_KEYHOLDERS, whose
 * detail says what each answered, or OWNER_SAID_NO; nothing of the keys is known then.
 */
export async function askForKeys(ask: AskForKeys): Promise<Opened> {
  const { manifest, committee, indices, clock } = ask
  const faults = new Map<string, string>()
  const good: KeyAnswer[] = []
  const points = new ChunkPoints(indices)
  const reply = ask.replyTo ?? (await generateAgeIdentity())
  const request = signedRequest(ask, reply.recipient)
  const ownerParts = manifest.custody === 'committee+owner' ? await partsOfOwner(ask, request, reply.secret) : undefined
  let opened: OpenedKeys | undefined
  const nameOf = (seat: number): string => committee.members[seat] as string
  const isGood = async (seat: number): Promise<boolean> => {
    const answer = await answerOf(ask, nameOf(seat), request, reply.secret).catch((thrown: unknown) => codeOf(thrown))
    if (opened !== undefined) return true
    const fault =
      typeof answer === 'string'
        ? answer
        : answer.x === seat + 1
          ? (answerFault(answer, manifest, committee.k, indices, points) ?? expiryFault(answer, clock))
          : 'OTHER_SEAT'
    if (fault !== undefined || typeof answer === 'string') {
      faults.set(nameOf(seat), fault ?? 'REFUSED')
      return false
    }
    faults.delete(nameOf(seat))
    good.push(answer)
    opened = combineAnswers(good, committee.k, indices, ownerParts)
    return true
  }
  const seats = ask.seats ?? committee.members.map((_, i) => i)
  await enoughInTurn(seats, isGood, {
    first: ask.seats === undefined ? seats.length : committee.k,
    done: () => opened !== undefined,
    clock,
    slowMs: SLOW_MS,
    onSlow: (waited) => waited.forEach((seat) => faults.set(nameOf(seat), 'SLOW')),
  })
  if (opened !== undefined) return { ...opened, faults }
  throw new RetryableError('NOT_ENOUGH_KEYHOLDERS', `${good.length} of the ${committee.k} keyholders needed gave their part`, {
    detail: { good: good.length, needed: committee.k, faults: Object.fromEntries(faults) },
  })
}

/** Who gives a key and says in the same breath that the consent is over has not got the newest, or lies: another is asked. */
const expiryFault = ({ expires }: KeyAnswer, clock: Clock): string | undefined =>
  expires !== undefined && expires <= Math.floor(clock.now() / 1000) ? 'EXPIRED' : undefined

function signedRequest({ signer, manifest, indices, role, purpose, epoch, clock }: AskForKeys, reply: string): Uint8Array {
  const at = Math.floor(clock.now() / 1000)
  const request = {
    v: 1,
    dao: manifest.dao,
    manifest: cborCid(encode(manifest)),
    indices: [...indices],
    purpose,
    role,
    epoch,
    by: signer.did,
    reply,
    at,
  }
  return encode(signObject('key-request', request, signer))
}

async function answerOf(
  { mesh, order, signal }: AskForKeys,
  member: string,
  request: Uint8Array,
  secret: string,
): Promise<KeyAnswer | string> {
  const reply = await mesh.ask(peerFromDid(member), keyreqProtocol, { request, order: order ?? null }, { ...(signal && { signal }) })
  if (reply.status === 'refused') return reply.code
  return parse(keyAnswer, await openWithIdentities(reply.sealed, [secret]), 16 << 10)
}

async function partsOfOwner(
  { mesh, ownerVia, indices, order, signal }: AskForKeys,
  request: Uint8Array,
  secret: string,
): Promise<Uint8Array[]> {
  const no = (message: string, code: string): RetryableError => new RetryableError('OWNER_SAID_NO', message, { detail: { code } })
  if (ownerVia === undefined) throw no('these keys need their owner too, and nobody knows its node', 'OWNER_UNKNOWN')
  const query = { request, order: order ?? null }
  const reply = await mesh.ask(ownerVia, ownerPartProtocol, query, { ...(signal && { signal }) }).catch((thrown: unknown) => {
    signal?.throwIfAborted()
    throw no('these keys need their owner too, and its node is not reached', codeOf(thrown))
  })
  if (reply.status === 'refused') throw no(reply.message, reply.code)
  const { parts } = parse(ownerAnswer, await openWithIdentities(reply.sealed, [secret]), 16 << 10)
  if (parts.length !== indices.length) throw no('the owner answered another question', 'OTHER_ANSWER')
  return parts
}
