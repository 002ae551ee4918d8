/** A keyholder's key of the day: what is sealed for it is sealed to this. */
import type { Clock } from '../../core/effects/index.ts'
import { verifyObject } from '../../core/envelope/index.ts'
import { askAgain, depositKeyProtocol, type Mesh } from '../../core/mesh/index.ts'
import { depositKey, peerFromDid } from '../../schemas/wire/index.ts'

export interface AskForRecipient {
  mesh: Pick<Mesh, 'ask'>
  clock: Clock
  /** Ledger id. */
  dao: string
  signal?: AbortSignal | undefined
}

/** The age recipient, when the member signed it, for this DAO, and its day is not over; undefined otherwise. Throws what `Mesh.ask` throws. */
export async function askForRecipient(member: string, { mesh, clock, dao, signal }: AskForRecipient): Promise<string | undefined> {
  const { key } = await askAgain(mesh, peerFromDid(member), depositKeyProtocol, {}, { ...(signal && { signal }) })
  const read = verifyObject(depositKey, key, 'deposit-key', 'by', 4096)
  if (!read.ok || read.value.by !== member || read.value.dao !== dao) return undefined
  return read.value.until > Math.floor(clock.now() / 1000) ? read.value.recipient : undefined
}
