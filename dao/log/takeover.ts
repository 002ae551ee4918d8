/**
 * The next term: how validators take the log from a sequencer that stalls or equivocates, without losing a final entry.
 * A vote freezes its validator in the old term and names the largest certified checkpoint (one with a witness quorum) that it has on
 * disk. q votes make a certificate; the new log begins where the largest checkpoint among them ends. Safe while at most 2q-n-1
 * validators lie, because what q mirrors hold and q voters report have an honest validator in common.
 */
import { z } from 'zod'
import { signObject, verifyShaped } from '../../core/envelope/index.ts'
import type { Kv } from '../../core/effects/index.ts'
import { InvalidInputError, ProofError } from '../../core/errors/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { bytesOf, did, encode, equalBytes, parse, sha256, uint } from '../../schemas/wire/index.ts'
import { type Checkpoint, peekCheckpoint } from './checkpoint.ts'
import { EMPTY_ROOT } from './merkle.ts'
import { MAX_NOTE_BYTES } from './note.ts'
import type { Policy } from './policy.ts'
import { logOrigin } from './terms.ts'
import { verifyCheckpoint } from './verify.ts'
import type { Witness } from './witness.ts'

const MAX_CERTIFICATE_BYTES = 32_000
const DOMAIN = 'term-vote'

const termVote = z.strictObject({
  v: z.literal(1),
  ledger: z.string().max(128),
  /** The term to begin. */
  term: z.int().min(1),
  /** The largest certified checkpoint of the term before that the voter holds; 0 and the empty root for none. */
  size: uint,
  root: bytesOf(32),
  roster: bytesOf(32),
  by: did,
  s: bytesOf(64),
})
export type TermVote = z.infer<typeof termVote>

const certificate = z.strictObject({
  v: z.literal(1),
  ledger: z.string().max(128),
  term: z.int().min(1),
  /** The largest checkpoint of the votes, with its cosignatures; null when nobody held one. */
  note: z.string().max(MAX_NOTE_BYTES).nullable(),
  votes: z.array(termVote).min(1).max(1024),
})

/** A validator of the roster: its account and its witness key. */
export interface Seat {
  account: string
  witness: string
}

/** What a vote says about who may vote. */
export function rosterHash(ledgerId: string, roster: readonly Seat[]): Uint8Array {
  const seats = roster.map(({ account, witness }) => [account, witness]).toSorted(([a], [b]) => ((a as string) < (b as string) ? -1 : 1))
  return sha256(encode([ledgerId, seats]))
}

export interface VoteOptions {
  ledgerId: string
  /** The term to begin. */
  term: number
  signer: Signer
  roster: readonly Seat[]
  witness: Pick<Witness, 'freeze'>
  kv: Kv
  /** The largest certified note of the old term on our disk; asked after the freeze. */
  held: () => string | undefined
}

/** Leaves the old term for ever and votes; the same vote again when asked again. On disk before it is given. */
export async function castVote({ ledgerId, term, signer, roster, witness, kv, held }: VoteOptions): Promise<TermVote> {
  const key = `term-vote/${logOrigin(ledgerId, term)}`
  const cast = await kv.get(key)
  if (cast) return parse(termVote, cast)
  await witness.freeze(logOrigin(ledgerId, term - 1))
  const note = held()
  const { size, root } = note === undefined ? { size: 0, root: EMPTY_ROOT } : peekCheckpoint(note)
  const vote = signObject(
    DOMAIN,
    { v: 1 as const, ledger: ledgerId, term, size, root, roster: rosterHash(ledgerId, roster), by: signer.did },
    signer,
  )
  await kv.put(key, encode(vote))
  return vote
}

export interface TermRules {
  ledgerId: string
  term: number
  roster: readonly Seat[]
  /** Votes that make a certificate: that of the witnesses. */
  quorum: number
  /** What certified a checkpoint in the term before. */
  policy: Policy
}

/**
 * Makes the certificate that the new log's first entry carries. Leaves out votes whose checkpoint nobody can show among `notes`:
 * a liar who claims the impossible must not stop the others. Throws ProofError NO_QUORUM.
 */
export function certifyTakeover(rules: TermRules, votes: readonly TermVote[], notes: readonly string[]): Uint8Array {
  const certified = new Map(
    notes.flatMap((note): [string, string][] => {
      try {
        const { size, root } = verifyCheckpoint(note, rules.policy)
        return [[placeOf({ size, root }), note]]
      } catch {
        return []
      }
    }),
  )
  const good = new Map(
    votes.filter((vote) => isVote(rules, vote) && (vote.size === 0 || certified.has(placeOf(vote)))).map((vote) => [vote.by, vote]),
  )
  const largest = largestOf([...good.values()])
  const note = largest && largest.size > 0 ? (certified.get(placeOf(largest)) as string) : null
  const bytes = encode({ v: 1, ledger: rules.ledgerId, term: rules.term, note, votes: [...good.values()] })
  verifyTakeover(rules, bytes)
  return bytes
}

/**
 * Checks a certificate; gives the checkpoint that the old term ends with (null when nothing was certified in it).
 * Throws WireError (shape), InvalidInputError WRONG_TERM, or ProofError BAD_VOTE, NO_QUORUM, NOT_LARGEST and what `verifyCheckpoint` throws.
 */
export function verifyTakeover(rules: TermRules, bytes: Uint8Array): Pick<Checkpoint, 'size' | 'root'> | null {
  const { ledger, term, note, votes } = parse(certificate, bytes, MAX_CERTIFICATE_BYTES)
  if (ledger !== rules.ledgerId || term !== rules.term)
    throw new InvalidInputError('WRONG_TERM', `a certificate of ${logOrigin(ledger, term)}`)
  const voters = new Set<string>()
  for (const vote of votes) {
    if (!isVote(rules, vote) || voters.has(vote.by)) throw new ProofError('BAD_VOTE', `no vote of ${vote.by} for this term and roster`)
    voters.add(vote.by)
  }
  if (voters.size < rules.quorum) throw new ProofError('NO_QUORUM', `${voters.size} votes, ${rules.quorum} are needed`)
  const largest = largestOf(votes) as TermVote
  if (note === null) {
    if (largest.size > 0) throw new ProofError('NOT_LARGEST', 'a vote names a checkpoint, the certificate has none')
    return null
  }
  const { origin, size, root } = verifyCheckpoint(note, rules.policy)
  if (origin !== logOrigin(ledger, term - 1)) throw new InvalidInputError('WRONG_TERM', `a checkpoint of ${origin}`)
  if (size !== largest.size || !equalBytes(root, largest.root))
    throw new ProofError('NOT_LARGEST', 'the checkpoint is not the largest of the votes', { detail: { size, largest: largest.size } })
  return { size, root }
}

function isVote({ ledgerId, term, roster }: TermRules, vote: TermVote): boolean {
  const ours = vote.ledger === ledgerId && vote.term === term && equalBytes(vote.roster, rosterHash(ledgerId, roster))
  return ours && roster.some(({ account }) => account === vote.by) && verifyShaped(vote, DOMAIN, 'by').ok
}

const largestOf = (votes: readonly TermVote[]): TermVote | undefined => votes.toSorted((a, b) => b.size - a.size)[0]
const placeOf = ({ size, root }: Pick<Checkpoint, 'size' | 'root'>): string => `${size} ${Buffer.from(root).toString('hex')}`
