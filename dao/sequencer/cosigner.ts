/**
 * Collects witnesses' cosignatures. One round has one checkpoint as its target until a quorum cosigned it; then the newest signed
 * one is next. Every witness is asked by a worker of its own, one request at a time, so a slow witness holds up nobody.
 */
import type { Clock, Logger } from '../../core/effects/index.ts'
import { toError } from '../../core/errors/index.ts'
import {
  formatAddCheckpoint,
  type LogReader,
  type NoteKey,
  type NoteSignature,
  parseNote,
  parseSignatureLines,
  parseVkey,
  verifyLine,
  type WitnessClient,
} from '../log/index.ts'
import type { SignedTree } from './tree-record.ts'

/** A witness that does not answer for so long is asked again later. */
const ANSWER_MS = 15_000

export interface CosignerOptions {
  reader: Pick<LogReader, 'consistency'>
  clock: Clock
  logger: Logger
  witnesses: () => readonly WitnessClient[]
  quorum: () => number
  /** The round's target has its quorum. Called once per round. */
  onQuorum: (tree: SignedTree, cosignatures: NoteSignature[]) => void
  /** Another cosignature came for the target that has its quorum already. */
  onLate: (tree: SignedTree, cosignature: NoteSignature) => void
  retryMs: number
}

export interface Cosigner {
  /** True while a target waits for its quorum. */
  readonly busy: boolean
  /** The tree of the newest round. */
  readonly target: SignedTree | undefined
  /** Begins a round. The target is never smaller than an earlier one; the same again asks for fresh times. */
  begin(tree: SignedTree): void
  /** Looks again at witnesses and quorum: call it when either may have changed. */
  nudge(): void
  [Symbol.asyncDispose](): Promise<void>
}

interface Round {
  tree: SignedTree
  text: string
  cosignatures: NoteSignature[]
  done: boolean
}

/** What is known of one witness. */
interface Standing {
  client: WitnessClient
  key: NoteKey
  /** The size it cosigned last, as far as we know; a 409 corrects it. */
  old: number
  answered: Round | undefined
  running: boolean
}

const MAX_RETRY_MS = 30_000

export function openCosigner(options: CosignerOptions): Cosigner {
  const { reader, clock, logger, witnesses, quorum, onQuorum, onLate, retryMs } = options
  const closing = new AbortController()
  const standings = new Map<string, Standing>()
  const workers = new Set<Promise<void>>()
  let round: Round | undefined

  function begin(tree: SignedTree): void {
    round = { tree, text: parseNote(tree.note).text, cosignatures: [], done: false }
    nudge()
  }

  function nudge(): void {
    if (!round || closing.signal.aborted) return
    for (const client of witnesses()) {
      const standing = standingOf(client)
      if (!standing || standing.running || standing.answered === round) continue
      standing.running = true
      const worker = work(standing).finally(() => workers.delete(worker))
      workers.add(worker)
    }
    settle(round)
  }

  function settle(current: Round): void {
    if (current.done || current !== round || current.cosignatures.length < quorum()) return
    current.done = true
    onQuorum(current.tree, current.cosignatures)
  }

  function standingOf(client: WitnessClient): Standing | undefined {
    const known = standings.get(client.vkey)
    if (known) {
      known.client = client
      return known
    }
    try {
      const standing: Standing = { client, key: parseVkey(client.vkey), old: 0, answered: undefined, running: false }
      standings.set(client.vkey, standing)
      return standing
    } catch (error) {
      logger.warn('witness-key-bad', { witness: client.name, reason: toError(error).message })
      return undefined
    }
  }

  async function work(standing: Standing): Promise<void> {
    let waitMs = retryMs
    let corrections = 0
    for (;;) {
      const current = round
      const wanted = witnesses().some(({ vkey }) => vkey === standing.client.vkey)
      if (!current || standing.answered === current || !wanted || closing.signal.aborted) {
        standing.running = false // in the same turn as the check, or a nudge in between would be lost
        return
      }
      const cosignature = await ask(standing, current)
      // a witness that keeps changing its mind waits like one that is down
      if (cosignature === 'again' && corrections++ < 2) continue
      corrections = 0
      if (typeof cosignature === 'object') {
        standing.answered = current
        waitMs = retryMs
        take(current, cosignature)
        continue
      }
      await clock.sleep(waitMs, closing.signal).catch(() => {})
      waitMs = Math.min(waitMs * 2, MAX_RETRY_MS)
    }
  }

  function take(current: Round, cosignature: NoteSignature): void {
    if (current !== round) return
    if (current.done) onLate(current.tree, cosignature)
    else {
      current.cosignatures.push(cosignature)
      settle(current)
    }
  }

  /** The witness's cosignature; `again` when it told us its size; undefined when it must wait. */
  async function ask(standing: Standing, { tree, text }: Round): Promise<NoteSignature | 'again' | undefined> {
    const fields = { witness: standing.client.name, size: tree.size, old: standing.old }
    try {
      const proof = await reader.consistency(standing.old, tree.size)
      const signal = AbortSignal.any([closing.signal, clock.deadline(ANSWER_MS)])
      const answer = await standing.client.addCheckpoint(formatAddCheckpoint({ old: standing.old, proof, note: tree.note }), signal)
      if (answer.status === 200) {
        const lines = parseSignatureLines(answer.body)
        const ours = lines.find(({ name, id }) => name === standing.key.name && id === standing.key.id)
        if (ours && verifyLine(standing.key, text, ours.signature)) {
          standing.old = tree.size
          return ours
        }
        logger.warn('witness-signature-bad', fields)
        return undefined
      }
      const size = answer.status === 409 && /^[0-9]{1,15}\n$/.test(answer.body) ? Number(answer.body) : undefined
      if (size === undefined) {
        // 422 from a witness means that it holds another history than ours: somebody must look
        logger[answer.status === 422 ? 'error' : 'warn']('witness-refused', { ...fields, status: answer.status })
        return undefined
      }
      if (size > tree.size) {
        logger.error('witness-ahead', { ...fields, theirs: size })
        return undefined
      }
      const told = size !== standing.old
      standing.old = size
      return told ? 'again' : undefined
    } catch (error) {
      if (!closing.signal.aborted) logger.debug('witness-unreachable', { ...fields, reason: toError(error).message })
      return undefined
    }
  }

  return {
    get busy() {
      return round !== undefined && !round.done
    },
    get target() {
      return round?.tree
    },
    begin,
    nudge,
    async [Symbol.asyncDispose]() {
      closing.abort()
      await Promise.all(workers)
    },
  }
}
