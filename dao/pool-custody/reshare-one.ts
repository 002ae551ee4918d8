/** The deed: one contribution's shares are dealt to a committee, and the log is told. Of the operator, by its command or its service. */
import type { Clock } from '../../core/effects/index.ts'
import { signObject, verifyObject } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import type { Mesh } from '../../core/mesh/index.ts'
import { cborCid, encode, parse, reshareOrder, reshareReady, toHex } from '../../schemas/wire/index.ts'
import type { PoolContribution } from '../ledger/index.ts'
import type { Committee } from './due.ts'
import { logged, type LogReshare, type ReshareBook } from './reshare-book.ts'

export interface Reshare {
  one: PoolContribution
  to: Committee
  /** Seats in the old committee; see `dealersOf`. */
  dealers: number[]
  mesh: Pick<Mesh, 'ask'>
  operator: Signer
  ledger: string
  clock: Clock
  book: ReshareBook
  log: LogReshare
  signal: AbortSignal
}

/**
 * `reshared`; `finished` where the book has just finished an earlier order for it, so that no other is given; or the code of why not: then the old
 * shares count as before. `faults`: code by account of those that did not do their part.
 */
export interface ReshareOutcome {
  outcome: string
  faults: Record<string, string>
}

/**
 * Orders it, has it dealt, remembers what all new members signed, logs it and tells everybody. Whoever is away then changes over when it reads the
 * log. Throws what logging throws where that is no refusal: it is in the book then.
 */
export async function reshareOne({ one, to, dealers, mesh, operator, ledger, clock, book, log, signal }: Reshare): Promise<ReshareOutcome> {
  if (book.hasFinished(one)) return { outcome: 'finished', faults: {} }
  // the curve loads only where there is something to deal
  const { commitReshare, prepareReshare } = await import('../custody/index.ts')
  const at = Math.floor(clock.now() / 1000)
  const { manifestCid: manifest, generation, committee: from } = one
  const order = encode(
    signObject('reshare-order', { v: 1, dao: ledger, manifest, generation, from, to, dealers, at, by: operator.did }, operator),
  )
  const ready = await prepareReshare(mesh, order, signal).catch((error: unknown) => ({ error }))
  if ('error' in ready) {
    signal.throwIfAborted()
    return { outcome: codeOf(ready.error), faults: faultsOf(ready.error) }
  }
  const faults = notReady(order, ready)
  if (Object.keys(faults).length > 0) return { outcome: 'NOT_READY', faults }
  await book.keep({ order, ready })
  const outcome = await logged(log, { order, ready })
  await book.forget({ order })
  if (outcome !== 'logged') return { outcome, faults: {} }
  const told = await commitReshare(mesh, order, ready, signal)
  return { outcome: 'reshared', faults: Object.fromEntries(told.faults) }
}

/** New members that signed no share of this order, or one of another sharing than most: the log would take none of it. */
function notReady(bytes: Uint8Array, ready: readonly Uint8Array[]): Record<string, string> {
  const { to } = parse(reshareOrder, bytes, 8192)
  const sharings = to.members.map((member, i) => {
    const read = verifyObject(reshareReady, ready[i] ?? new Uint8Array(), 'reshare-ready', 'by', 1024)
    const isTheirs = read.ok && read.value.by === member && read.value.x === i + 1 && read.value.order.equals(cborCid(bytes))
    return isTheirs ? toHex(read.value.commitments) : ''
  })
  const count = (sharing: string): number => (sharing === '' ? 0 : sharings.filter((other) => other === sharing).length)
  const most = sharings.reduce((a, b) => (count(b) > count(a) ? b : a))
  return Object.fromEntries(to.members.flatMap((member, i) => (count(most) > 0 && sharings[i] === most ? [] : [[member, 'NOT_READY']])))
}

const faultsOf = (error: unknown): Record<string, string> =>
  (error as { detail?: { faults?: Record<string, string> } }).detail?.faults ?? {}
