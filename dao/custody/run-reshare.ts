/** Carries a reshare order round: a relay that sees sealed parts only, and whom nobody has to trust. The operator runs it; anyone with the order could. */
import type { z } from 'zod'
import { codeOf, RetryableError } from '../../core/errors/index.ts'
import { askAgain, depositKeyProtocol, type Mesh, reshareProtocol } from '../../core/mesh/index.ts'
import { parse, peerFromDid, reshareOrder } from '../../schemas/wire/index.ts'

export interface Reshared {
  /** Members, old and new, that changed over; the others are asked again by `commitReshare`. */
  done: string[]
  /** Code by account of those that did not. */
  faults: Map<string, string>
  /** What the new members signed: with it `commitReshare` asks those that are missing. */
  ready: Uint8Array[]
}

/**
 * Until every new member holds its share, and none is used: their signed statements, in order of seats; whoever wants to go on after a crash keeps
 * them for `commitReshare`. `order`: bytes of a signed reshareOrder. May be repeated while the order lasts, until the first member changed over.
 * Throws RetryableError RESHARE_INCOMPLETE, with what each said, when a dealer or a new member is missing: then the old shares count as before, and
 * another order may name other dealers.
 */
export async function prepareReshare(mesh: Pick<Mesh, 'ask'>, order: Uint8Array, signal?: AbortSignal): Promise<Uint8Array[]> {
  const { from, to, dealers } = parse(reshareOrder, order, 8192)
  const options = { ...(signal && { signal }) }
  const say = sayer(mesh, order, signal)
  const keys = await all(to.members, async (member) => (await askAgain(mesh, peerFromDid(member), depositKeyProtocol, {}, options)).key)
  const dealing = dealers.map((x) => from.members[x - 1] as string)
  const dealt = await all(dealing, async (member) => {
    const reply = await say(member, { what: 'deal', keys })
    return reply.status === 'dealt' && reply.parts.length === to.members.length ? reply.parts : refusedBy(reply)
  })
  return all(to.members, async (member) => {
    const parts = dealt.map((list) => list[to.members.indexOf(member)] as Uint8Array)
    const reply = await say(member, { what: 'take', parts })
    return reply.status === 'ready' ? reply.ready : refusedBy(reply)
  })
}

/** Tells everybody, old and new, to change over; with the same statements it may be said again to those that did not hear. */
export async function commitReshare(
  mesh: Pick<Mesh, 'ask'>,
  order: Uint8Array,
  ready: Uint8Array[],
  signal?: AbortSignal,
): Promise<Reshared> {
  const { from, to } = parse(reshareOrder, order, 8192)
  const say = sayer(mesh, order, signal)
  const [done, faults]: [string[], Map<string, string>] = [[], new Map()]
  // at once: one that is slow would leave some with new shares and some with old ones, which fit together nowhere
  const tell = async (member: string): Promise<void> => {
    const reply = await say(member, { what: 'commit', ready }).catch(
      (thrown: unknown) => ({ status: 'refused', code: codeOf(thrown) }) as const,
    )
    if (reply.status === 'done') done.push(member)
    else faults.set(member, 'code' in reply ? reply.code : 'BAD_REPLY')
  }
  await Promise.all([...new Set([...to.members, ...from.members])].map(tell))
  return { done, faults, ready }
}

/** Every step may be asked twice: it is answered the same. */
const sayer = (mesh: Pick<Mesh, 'ask'>, order: Uint8Array, signal?: AbortSignal) => {
  return (member: string, step: z.infer<typeof reshareProtocol.query>['step']) =>
    askAgain(mesh, peerFromDid(member), reshareProtocol, { order, step }, { ...(signal && { signal }) })
}

function refusedBy(reply: object): never {
  throw new RetryableError('code' in reply && typeof reply.code === 'string' ? reply.code : 'BAD_REPLY', 'refused')
}

/** Asks all at once; one that fails fails the whole, and the error says who and why. */
async function all<T>(members: readonly string[], ask: (member: string) => Promise<T>): Promise<T[]> {
  const faults: Record<string, string> = {}
  const answers = await Promise.all(
    members.map((member) =>
      ask(member).catch((thrown: unknown) => {
        faults[member] = codeOf(thrown)
        return undefined
      }),
    ),
  )
  if (Object.keys(faults).length > 0)
    throw new RetryableError('RESHARE_INCOMPLETE', 'a member did not do its part; the old shares count as before', { detail: { faults } })
  return answers as T[]
}
