/**
 * C2SP tlog-witness: cosigns a log's checkpoint once it has seen that it only grew. https://c2sp.org/tlog-witness
 * `judgeCheckpoint` decides, purely; `openWitness` persists before it answers, one request per log at a time.
 */
import { codeOf } from '../../core/errors/index.ts'
import type { Clock, Kv } from '../../core/effects/index.ts'
import { equalBytes, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { type Checkpoint, parseCheckpoint, peekCheckpoint } from './checkpoint.ts'
import { cosign } from './cosignature.ts'
import { EMPTY_ROOT, verifyConsistency } from './merkle.ts'
import { formatNote, formatSignatureLine, type Keyring, keyring, type NoteSignature, openNote, parseNote } from './note.ts'
import type { NoteKey, NoteSigner } from './note-key.ts'
import { type AddCheckpoint, parseAddCheckpoint } from './witness-request.ts'

/** What an HTTP server, or the mesh, answers. */
export interface WitnessAnswer {
  status: number
  body: string
  contentType: string
}

/** The checkpoint that this witness cosigned last for one origin. */
export type Latest = Pick<Checkpoint, 'size' | 'root'>

export type Judgement =
  | { answer: WitnessAnswer }
  /** Persist `checkpoint`, then cosign `text`. `signatures` are the log's own lines that held. */
  | { checkpoint: Checkpoint; text: string; signatures: NoteSignature[] }

const plain = (status: number, message: string): { answer: WitnessAnswer } => ({
  answer: { status, body: `${message}\n`, contentType: 'text/plain; charset=utf-8' },
})

/**
 * The rules of add-checkpoint in their order: 404 unknown origin, 403 signature, 400 old above size, 409 old is not our last size,
 * 422 wrong root or proof. `latest` is what we cosigned last; null for never.
 */
function judgeCheckpoint(request: AddCheckpoint, logs: Keyring, latest: Latest | null): Judgement {
  const { old, proof } = request
  const { text } = parseNote(request.note)
  const checkpoint = parseCheckpoint(text)
  if (logs.size === 0) return plain(404, 'unknown origin')
  let signatures: NoteSignature[]
  try {
    signatures = openNote(request.note, logs).verified.map(({ signature }) => signature)
  } catch {
    return plain(403, 'no valid signature of the log')
  }
  const { size, root } = checkpoint
  if (old > size) return plain(400, 'old size above the checkpoint size')
  const known = latest ?? { size: 0, root: EMPTY_ROOT }
  if (old !== known.size) return { answer: { status: 409, body: `${known.size}\n`, contentType: 'text/x.tlog.size' } }
  if (size === 0 && !equalBytes(root, EMPTY_ROOT)) return plain(422, 'size 0 has the root of the empty tree')
  if (!verifyConsistency(proof, { oldSize: old, oldRoot: known.root, size, root })) return plain(422, 'the consistency proof does not hold')
  return { checkpoint, text, signatures }
}

export interface Witness {
  /** Answers the body of an add-checkpoint request. */
  addCheckpoint(body: string): Promise<WitnessAnswer>
  /** The newest note that we cosigned for an origin, with the log's and our signature: `GET <monitoring>/<origin hash>/checkpoint`. */
  latest(origin: string): Promise<string | undefined>
  /** From when this resolves on, and for ever, this key cosigns nothing more of that log: what a vote for the next term promises. */
  freeze(origin: string): Promise<void>
  isFrozen(origin: string): Promise<boolean>
}

export interface WitnessOptions {
  /** Type 0x04, its own key. */
  signer: NoteSigner
  kv: Kv
  clock: Pick<Clock, 'now'>
  /** The keys trusted for an origin; empty for one we do not witness (or no longer: a frozen term). Asked anew for every request. */
  logs: (origin: string) => Iterable<NoteKey> | Promise<Iterable<NoteKey>>
}

/** Lowercase hex SHA-256 of an origin: its name under the monitoring prefix. */
export function originHash(origin: string): string {
  return toHex(sha256(utf8(origin)))
}

/** A witness over a durable map, keyed `witness/<origin hash>`. */
export function openWitness({ signer, kv, clock, logs }: WitnessOptions): Witness {
  const turns = new Map<string, Promise<unknown>>()
  const key = (origin: string): string => `witness/${originHash(origin)}`
  const frozenKey = (origin: string): string => `frozen/${originHash(origin)}`
  const isFrozen = async (origin: string): Promise<boolean> => (await kv.get(frozenKey(origin))) !== undefined

  const read = async (origin: string): Promise<string | undefined> => {
    const bytes = await kv.get(key(origin))
    return bytes && new TextDecoder().decode(bytes)
  }

  const decide = async (request: AddCheckpoint, origin: string): Promise<WitnessAnswer> => {
    if (await isFrozen(origin)) return plain(404, 'this log is frozen: its term is over').answer
    const kept = await read(origin)
    const judged = judgeCheckpoint(request, keyring(await logs(origin)), kept === undefined ? null : peekCheckpoint(kept))
    if ('answer' in judged) return judged.answer
    const ours = cosign(judged.text, Math.floor(clock.now() / 1000), signer)
    // on disk before it leaves: after a crash we must still refuse whatever contradicts it
    await kv.put(key(origin), utf8(formatNote({ text: judged.text, signatures: [...judged.signatures, ours] })))
    return { status: 200, body: formatSignatureLine(ours), contentType: 'text/plain; charset=utf-8' }
  }

  /** Check and persist as one step per origin: otherwise a slower, smaller checkpoint could roll back a larger one. */
  const inTurn = async <T>(origin: string, task: () => Promise<T>): Promise<T> => {
    const turn = (turns.get(origin) ?? Promise.resolve()).then(task)
    const settled = turn.catch(() => {})
    turns.set(origin, settled)
    try {
      return await turn
    } finally {
      if (turns.get(origin) === settled) turns.delete(origin)
    }
  }

  return {
    addCheckpoint(body) {
      let request: AddCheckpoint
      let origin: string
      try {
        request = parseAddCheckpoint(body)
        origin = peekCheckpoint(request.note).origin
      } catch (error) {
        return Promise.resolve(plain(400, codeOf(error)).answer)
      }
      return inTurn(origin, () => decide(request, origin))
    },
    latest: read,
    freeze: (origin) => inTurn(origin, () => kv.put(frozenKey(origin), Uint8Array.of(1))),
    isFrozen,
  }
}
