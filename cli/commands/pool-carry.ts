/** What follows once an offer is sealed: it is said how far it came, until it counts, is refused, or somebody stops. */
import { FatalError, RefusedError } from '../../core/errors/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { OfferRefusal, PoolNode, PoolNote, PoolProgress } from '../../node/pool/offering/index.ts'
import { type Flags, print, printable, printJson, say } from '../program/index.ts'

export const faultText = (faults: Record<string, string>): string =>
  Object.entries(faults)
    .map(([account, code]) => `${account.slice(0, 20)}… ${code}`)
    .join(', ')

export function sayProgress({ what, held, of, faults }: PoolProgress): void {
  if (what === 'joined') say('joined under a key that only this DAO knows you by')
  else if (what === 'depositing')
    say(
      `${held} of ${of} keyholders hold their part; waiting for ${printable(faultText(faults))}. Stopping loses nothing, and going on later is "quern pool offer" without a path; for one that stays away ask the DAO's operator for a new policy`,
    )
  else if (what === 'deposited') say(`all ${of} keyholders hold their part`)
  else if (what === 'committed') say('committed: a hash is in the log; what it stands for follows when the reveals begin')
  else if (what === 'revealed') say('revealed: the manifest is in the log; keyholders say that they hold all of it')
}

/** As the ledger counts: a quorum of the keyholders, and never fewer than open it. */
const holdersToCount = ({ k, members }: PoolNote['committee']): number => Math.max(k, Math.floor((2 * members.length) / 3) + 1)

const againWith = (cid: string): string => `"quern pool withdraw ${cid}" ends it, then offer it again`

/** Waits until k keyholders say that they hold it, or as long as the flags say. */
export async function carryThrough(
  node: PoolNode,
  { cid, tokens, seedBackedUp }: { cid: string; tokens: number; seedBackedUp: boolean },
  flags: Flags,
  signal: AbortSignal,
): Promise<number> {
  const { learnFromLog } = await openPoolOffering()
  const note = (): PoolNote => node.book.all.find((one) => one.cid.toString() === cid) as PoolNote
  const enough = [...(flags['wait'] === false ? ['committed', 'revealed'] : []), 'available', 'withdrawn', 'dropped']
  const place = await node
    .until(() => {
      if (node.refusal !== undefined) return 'refused' as const
      const now = node.placeOf(note())
      return enough.includes(now.stage) ? now : undefined
    })
    .catch((error: unknown) => {
      if (signal.aborted) return 'stopped' as const
      throw error
    })
  if (place === 'refused') {
    const { keyholder, code, message } = node.refusal as OfferRefusal
    if (keyholder === null) throw new RefusedError(code, `${message}; ${againWith(cid)}`)
    throw new RefusedError(
      'KEYHOLDER_REFUSES',
      `${keyholder} does not take its part: ${code}; "quern pool withdraw" ends what others hold`,
      {
        detail: { keyholder, code },
      },
    )
  }
  await learnFromLog(node.book, note(), node.state)
  const { stage, available } = place === 'stopped' ? node.placeOf(note()) : place
  const { manifest, committee } = note()
  const facts = {
    contribution: cid,
    stage,
    account: manifest.subject,
    events: manifest.records,
    chunks: manifest.chunks.length,
    veto: manifest.custody === 'committee+owner',
    mail: manifest.mail !== undefined,
    tokens,
    available: available.length,
    keyholders: committee.members.length,
    needed: holdersToCount(committee),
    seedBackedUp,
  }
  if (place === 'stopped') {
    if (flags['json'] === true) printJson({ ...facts, stopped: true })
    throw new FatalError('STOPPED', `stopped when it was ${stage}; nothing is lost, "quern pool offer --dao …" goes on`)
  }
  if (stage === 'dropped' || stage === 'withdrawn')
    throw new RefusedError('NOT_IN_POOL', `the log has it as ${stage}, so it earns nothing; ${againWith(cid)}`, { detail: facts })
  if (manifest.custody === 'committee+owner') say('nobody reads it, to test it or for a release, but while "quern pool serve" runs')
  if (flags['json'] === true) printJson(facts)
  else if (stage === 'available')
    print(`${cid}\n${available.length} of ${committee.members.length} keyholders hold it and say so in the log`)
  else print(`${cid}\n${stage}; come back for the reveals with "quern pool offer --dao …", or this commitment comes to nothing`)
  return 0
}
