/** A checkpoint note as a follower reads it: whose log, how far, and which validators cosigned. */
import { QuernError } from '../../core/errors/index.ts'
import { Lru } from '../../schemas/cache/index.ts'
import { formatVkey, keyring, openNote, parseVkey, peekCheckpoint } from '../log/index.ts'

export interface OpenedCheckpoint {
  origin: string
  size: number
  root: Uint8Array
  /** Which of the verifier keys (C2SP vkeys) have a good cosignature on it. A bad signature of a known key rejects the note: throws. */
  cosignedBy(vkeys: string[]): string[]
}

/**
 * Parses a checkpoint of this ledger (any term) and verifies the log's signature when its key is known: the very first page names the key itself,
 * in a genesis entry that the ledger id covers, and is verified right after. Throws WRONG_LEDGER, or the note's own errors.
 */
export function openCheckpoint(note: string, trust: { ledgerId: string; logKey: string | undefined }): OpenedCheckpoint {
  const key = `${trust.ledgerId}\n${trust.logKey ?? ''}\n${note}`
  const known = opened.get(key)
  if (known) return known
  const fresh = open(note, trust)
  opened.set(key, fresh)
  return fresh
}

/** Opening is pure, and many roles of one process see the same notes. */
const opened = new Lru<string, OpenedCheckpoint>(64)

function open(note: string, { ledgerId, logKey }: { ledgerId: string; logKey: string | undefined }): OpenedCheckpoint {
  const { origin, size, root } = peekCheckpoint(note)
  if (!origin.startsWith(`${ledgerId}/t`)) throw new QuernError('WRONG_LEDGER', `a checkpoint of ${origin}, not of ${ledgerId}`)
  if (logKey !== undefined) openNote(note, keyring([parseVkey(logKey)]))
  const asked = new Map<string, string[]>()
  return {
    origin,
    size,
    root,
    cosignedBy(vkeys) {
      if (vkeys.length === 0 || logKey === undefined) return []
      const key = vkeys.join('\n')
      const known = asked.get(key)
      if (known) return known
      const { verified } = openNote(note, keyring([parseVkey(logKey), ...vkeys.map(parseVkey)]))
      // by the whole key: a name is its owner's to choose, and two may choose the same
      const good = new Set(verified.map((signature) => formatVkey(signature.key)))
      const found = vkeys.filter((vkey) => good.has(vkey))
      asked.set(key, found)
      return found
    },
  }
}
