import { RefusedError } from '../../core/errors/index.ts'
import { readReceipt } from '../../dao/consent/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { PoolHealth } from '../../node/pool/offering/index.ts'
import { numberFlag, print, printable, printJson, type Run, table } from '../program/index.ts'
import { hasSeed, isPrivateDao, isPublicMultiaddr, systemClock, systemEffects, untilStopped } from '../wiring/index.ts'
import { peerFromDid } from '../../schemas/wire/index.ts'
import { factsOf, openPool, poolSession } from './pool-session.ts'

/** Keyholders are dialled beside the steps; whoever does not answer by then counts as away. */
const MEET_MS = 8000

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const session = await poolSession(flags)
  const facts = await factsOf(session, stop.signal)
  if (!hasSeed(session.home) && flags['restore'] === undefined)
    throw new RefusedError('NOTHING_OFFERED', `nothing was offered from ${session.home}; "quern pool offer" does that`)
  await using home = await openPool(session, facts.ledger, flags)
  const { PoolNode, askHealth, purposesLeft, purposesWithdrawn } = await openPoolOffering()
  await using node = await PoolNode.start({
    ...systemEffects,
    mesh: home.mesh,
    storage: home.storage,
    files: home.files,
    kv: home.kv,
    signer: home.subject,
    logger: session.log.child('pool'),
    dao: session.dao,
    mayDial: isPrivateDao(session.dao) ? undefined : isPublicMultiaddr,
    signal: stop.signal,
    pollMs: numberFlag(flags, 'poll', 1000),
  })
  if (node.book.all.length > 0) await met(node.book.all.at(-1)?.committee.members ?? [], home.mesh, stop.signal)
  const contributions = []
  for (const note of node.book.all) {
    const place = node.placeOf(note)
    const read = readReceipt(note.receipts.at(-1) as string)
    const health: PoolHealth | undefined =
      place.stage === 'withdrawn'
        ? undefined
        : await askHealth({ mesh: home.mesh, clock: systemClock, subject: home.subject, book: node.book, note })
    contributions.push({
      contribution: note.cid.toString(),
      stage: place.stage,
      source: note.source,
      events: note.manifest.records,
      chunks: note.manifest.chunks.length,
      months: [note.manifest.from, note.manifest.to],
      purposes: purposesLeft(note),
      withdrawn: purposesWithdrawn(note),
      expires: read.ok ? read.receipt.expires : 0,
      keyholders: note.committee.members.length,
      needed: note.committee.k,
      health: health?.health ?? null,
      holding: health?.live ?? note.committee.members.length - note.shredded.length,
      shredded: note.shredded.length,
      available: place.available.length,
      lacking: note.lacking.length,
      accesses: health?.accesses ?? [],
      faults: health?.faults ?? {},
    })
  }
  if (flags['json'] === true) return printJson({ account: home.subject.did, ledger: facts.ledger, contributions })
  if (contributions.length === 0) return print('nothing was offered to this DAO')
  for (const one of contributions) print(inWords(one))
}

/** Resolves when all keyholders are connected, or when waiting longer is of no use. */
async function met(members: readonly string[], mesh: { peers(): string[] }, signal: AbortSignal): Promise<void> {
  const until = systemClock.now() + MEET_MS
  while (systemClock.now() < until && !members.every((one) => mesh.peers().includes(peerFromDid(one)))) await systemClock.sleep(50, signal)
}

type Shown = Omit<PoolHealth, 'health' | 'live' | 'of'> & {
  contribution: string
  stage: string
  source: string
  events: number
  chunks: number
  months: string[]
  purposes: string[]
  withdrawn: string[]
  expires: number
  keyholders: number
  needed: number
  health: PoolHealth['health'] | null
  holding: number
  shredded: number
  available: number
  lacking: number
}

const date = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')

function inWords(one: Shown): string {
  const { health, keyholders, needed } = one
  const state =
    one.stage === 'withdrawn'
      ? `withdrawn; ${one.shredded} of ${keyholders} deleted${one.shredded >= keyholders - needed + 1 ? ', unreadable if these are honest' : ''}`
      : `${one.stage}; ${health}: ${one.holding} of ${keyholders} keyholders answer, ${needed} are needed to read`
  const accesses = one.accesses.map(({ at, by, role, purpose, chunks, outcome, seenBy }) => [
    `  ${date(at)}`,
    role,
    purpose,
    `${chunks} chunks`,
    outcome === 'ok' ? 'given' : `refused (${outcome})`,
    `by ${seenBy} keyholders`,
    by,
  ])
  return printable(
    [
      one.contribution,
      table(
        [
          ['  state', state],
          ['  holds', `${one.events} events of ${one.source} in ${one.chunks} chunks, ${one.months.join(' to ')}`],
          ['  for', one.purposes.length === 0 ? 'nothing any more' : one.purposes.join(', ')],
          ...(one.withdrawn.length > 0 ? [['  no longer', one.withdrawn.join(', ')]] : []),
          [
            '  until',
            `${date(one.expires)}${one.lacking > 0 ? `; ${one.lacking} keyholders have not heard of the renewal: "quern pool renew" tells them` : ''}`,
          ],
        ],
        2,
      ),
      accesses.length === 0 ? '  nobody asked for any of it' : table(accesses, 9),
      ...Object.entries(one.faults).map(([account, code]) => `  ${account}: ${code}`),
    ].join('\n'),
  )
}
