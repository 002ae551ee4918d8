/** The fold: entries in order give the state, and nothing else does. */
import { verifyEntry } from '../../core/envelope/index.ts'
import { FatalError } from '../../core/errors/index.ts'
import { type CID, decode, type Entry, ledgerIdOf, MAX_ENTRY_BYTES, payloads, WireError } from '../../schemas/wire/index.ts'
import { Engine } from './engine.ts'
import { ruleOf } from './rules.ts'
import { emptyState } from './state.ts'
import type { LedgerFiles, LedgerState } from './types.ts'
import { type Refusal, refuse, type View } from './view.ts'

export interface LedgerOptions {
  /** What genesis must name; absent: the first entry decides. */
  ledgerId?: string
  files: LedgerFiles
  /** Follows phases, rosters and batches and computes no values: what a contributor needs, without anybody's index. */
  light?: boolean
}

export type Checked = { ok: true; entry: Entry } | { ok: false; code: string; message: string }

export interface Applied {
  index: number
  /** Null when the entry broke a rule. */
  entry: Entry | null
  invalid: { code: string; message: string } | null
}

export interface Ledger {
  /** Read it; only `apply` writes it. */
  readonly state: LedgerState
  /** Files that applying this entry as the next one reads and that `files` lacks. */
  needs(entry: Uint8Array): CID[]
  /** Whether this entry would be valid as the next one. Changes nothing. Throws FatalError FILE_MISSING like `apply`. */
  check(entry: Uint8Array): Checked
  /**
   * Appends an entry of the log. One that breaks a rule changes nothing but `state.invalid`, its author's `n` where the signature holds, and the tree.
   * Throws FatalError FILE_MISSING, before anything changed, while `needs` names a file.
   */
  apply(entry: Uint8Array): Applied
  /** The entry in these bytes, when they are canonical, of a known shape and signed for this ledger; says nothing about any rule. */
  peek(entry: Uint8Array): Entry | undefined
  /** RFC 6962 root of the first `size` entries of the whole history; undefined beyond `state.size`. */
  rootAt(size: number): Uint8Array | undefined
}

interface Judged {
  /** Set when signature, shape and `n` hold: then the author has used its number, whatever the rule says. */
  entry: Entry | null
  refusal: Refusal | null
}

export function createLedger({ ledgerId = '', files, light = false }: LedgerOptions): Ledger {
  const state = emptyState(ledgerId, light)
  const engine = new Engine()
  const viewNow = (): View => ({ state, files, engine, index: state.size })

  const needsOf = (entry: Entry): CID[] => {
    const wanted = ruleOf(entry).needs?.(entry, viewNow()) ?? []
    const lacking = new Map(wanted.filter((cid) => files.read(cid) === undefined).map((cid) => [cid.toString(), cid]))
    return [...lacking.values()]
  }

  const judge = (bytes: Uint8Array): Judged => {
    const entry = authentic(state, bytes)
    if (!('t' in entry)) return { entry: null, refusal: entry }
    if (state.operator === '' && entry.t !== 'genesis') return { entry: null, refusal: refuse('NO_GENESIS', 'entry 0 is genesis') }
    const next = state.authors.get(entry.a) ?? 0
    if (entry.n > next)
      return { entry: null, refusal: refuse('SEQUENCE_GAP', `the next entry of ${entry.a} is number ${next}, not ${entry.n}`) }
    if (entry.n < next)
      return { entry: null, refusal: refuse('SEQUENCE_USED', `${entry.a} has used number ${entry.n}; the next is ${next}`) }
    const [missing] = needsOf(entry)
    if (missing)
      throw new FatalError('FILE_MISSING', `the ledger file ${missing.toString()} is needed here; fetch it first`, {
        detail: { cid: missing.toString() },
      })
    return { entry, refusal: ruleOf(entry).check(entry, viewNow()) ?? null }
  }

  return {
    state,
    needs(bytes) {
      const entry = authentic(state, bytes)
      return 't' in entry ? needsOf(entry) : []
    },
    check(bytes) {
      const { entry, refusal } = judge(bytes)
      return entry !== null && refusal === null ? { ok: true, entry } : { ok: false, ...(refusal ?? refuse('INTERNAL', 'no entry')) }
    },
    apply(bytes) {
      const { entry, refusal } = judge(bytes)
      const view = viewNow()
      const { index } = view
      if (entry?.t === 'genesis' && refusal === null) state.id = ledgerIdOf(entry.p.charter)
      if (entry && refusal) ruleOf(entry).note?.(entry, view, refusal)
      else if (entry) ruleOf(entry).apply(entry, view)
      if (refusal) state.invalid.push({ index, ...refusal })
      if (entry) state.authors.set(entry.a, entry.n + 1)
      state.tree.append(bytes)
      if (state.termTree !== state.tree) state.termTree.append(bytes)
      state.size++
      return { index, entry: refusal ? null : entry, invalid: refusal }
    },
    peek(bytes) {
      const entry = authentic(state, bytes)
      return 't' in entry ? entry : undefined
    },
    rootAt: (size) => state.tree.rootAt(size),
  }
}

/** The entry, when its bytes are canonical, of a known shape and signed for this ledger. */
function authentic(state: LedgerState, bytes: Uint8Array): Entry | Refusal {
  const id = state.id !== '' ? state.id : ledgerNamedBy(bytes)
  const verdict = verifyEntry(bytes, id)
  return verdict.ok ? verdict.entry : refuse(verdict.code, verdict.message)
}

/** Before genesis its own charter says which ledger it begins. */
function ledgerNamedBy(bytes: Uint8Array): string {
  try {
    const { p } = decode(bytes, MAX_ENTRY_BYTES) as { p?: unknown }
    const genesis = payloads.genesis.safeParse(p)
    return genesis.success ? ledgerIdOf(genesis.data.charter) : ''
  } catch (thrown) {
    if (thrown instanceof WireError) return ''
    throw thrown
  }
}
