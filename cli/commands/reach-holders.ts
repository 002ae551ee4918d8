/** Connects somebody who offered to whoever holds its parts: the DAO as far as it answers, and keyholders where they were last. */
import { askAgain, helloProtocol, type Mesh } from '../../core/mesh/index.ts'
import type { PoolBook, PoolNote } from '../../node/pool/offering/index.ts'
import { peerFromDid } from '../../schemas/wire/index.ts'
import { say } from '../program/index.ts'
import { isPrivateDao, isPublicMultiaddr } from '../wiring/index.ts'
import type { PoolSession } from './pool-session.ts'

/** A DAO that is silent must not hold up a withdrawal: keyholders are dialled where they were last. */
const DAO_MS = 8000
const DIAL_MS = 8000

interface Reaching {
  book: PoolBook
  ledger: string
  notes: readonly PoolNote[]
  signal: AbortSignal
}

/** Connects to the DAO, as far as it answers, and to every keyholder; gives the DAO's peer id. */
export async function reachHolders(
  mesh: Mesh,
  session: PoolSession,
  { book, ledger, notes, signal }: Reaching,
): Promise<string | undefined> {
  const known = new Map((await book.addresses()).map(({ did, addresses }) => [did, addresses]))
  const dao = await greet(mesh, session, { ledger, known, signal })
  const mayDial = isPrivateDao(session.dao) ? () => true : isPublicMultiaddr
  await Promise.all(
    [...new Set(notes.flatMap(({ committee, former }) => [...committee.members, ...former]))].map(async (account) => {
      const suffix = `/p2p/${peerFromDid(account)}`
      const addresses = (known.get(account) ?? []).filter((address) => address.endsWith(suffix) && mayDial(address))
      if (addresses.length > 0)
        await mesh.connect(addresses, { signal: AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS)]) }).catch(() => undefined)
    }),
  )
  return dao
}

async function greet(
  mesh: Mesh,
  session: PoolSession,
  { ledger, known, signal }: { ledger: string; known: Map<string, string[]>; signal: AbortSignal },
): Promise<string | undefined> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(DAO_MS)])
  if (session.dao.length === 0) return silentDao()
  try {
    const dao = await mesh.connect(session.dao, { signal: patience })
    const hello = { role: 'contributor' as const, ledger, addresses: [], seat: null }
    const reply = await askAgain(mesh, dao, helloProtocol, hello, { signal: patience })
    if (reply.ledger !== ledger) return silentDao('serves another ledger now')
    // beside those we know: a DAO that names wrong ones must not hide a keyholder from us
    for (const { did, addresses } of reply.peers) known.set(did, [...new Set([...(known.get(did) ?? []), ...addresses])])
    return dao
  } catch {
    signal.throwIfAborted()
    return silentDao()
  }
}

function silentDao(how = 'does not answer'): undefined {
  say(`the DAO ${how}; going on with the keyholders alone`)
}
