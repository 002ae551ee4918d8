/**
 * The crawl's diary: one JSON line per URL that was asked for or refused, with the reason. Each line carries a hash over itself and the one
 * before, so none can be changed or taken out alone; a contributor signs the chain now and then, so it can be held to it.
 */
import { hash } from 'node:crypto'
import { signDetached, verifyDetached } from '../../core/envelope/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'

export interface JournalRow {
  /** Unix milliseconds at the start. */
  time: number
  url: string
  host: string
  /** Null where nothing was asked. */
  status: number | null
  /** Stable code, upper case: KEPT, ROBOTS_DISALLOWED, TRAINING_DENIED, TIMEOUT… */
  outcome: string
  /** Body bytes as received. */
  bytes: number
  ms: number
  depth: number
  /** A rule, a line, a count: never page content. */
  detail?: string
}

// control characters of both ranges, bidirectional overrides, line separators: a terminal or an editor would obey them
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/g
const ASCII = /^[\x20-\x7e]*$/
const MAX_DETAIL = 256
const CHAIN = /,"chain":"([A-Za-z0-9_-]{43})"\}$/
const SIGNED = 'crawl-journal'

/** One line, without the newline, that is safe to print: URLs and details come from strangers. */
export function journalLine(row: JournalRow): string {
  const json = JSON.stringify({ ...row, time: new Date(row.time).toISOString(), detail: row.detail?.slice(0, MAX_DETAIL) })
  if (ASCII.test(json)) return json
  return json.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** Writes a journal's lines so that each holds on to the one before. */
export class JournalChain {
  readonly #signer: Signer | undefined
  #chain: string
  #unsealed = 0

  /** `after`: the last whole line of a journal that goes on; nothing for a new one. */
  constructor(signer?: Signer, after = '') {
    this.#signer = signer
    this.#chain = CHAIN.exec(after)?.[1] ?? ''
  }

  /** Lines since the last seal. */
  get unsealed(): number {
    return this.#unsealed
  }

  /** The row as a line with its newline. */
  line(row: JournalRow): string {
    this.#unsealed++
    return this.#link(journalLine(row))
  }

  /** A line by which the signer stands for all lines before it; empty without a signer or anything new to sign. */
  seal(): string {
    if (this.#signer === undefined || this.#unsealed === 0) return ''
    const signature = Buffer.from(signDetached(SIGNED, utf8(this.#chain), this.#signer)).toString('base64url')
    const line = this.#link(JSON.stringify({ seal: this.#unsealed, by: this.#signer.did, signature }))
    this.#unsealed = 0
    return line
  }

  #link(json: string): string {
    this.#chain = chainOf(this.#chain, json)
    return `${json.slice(0, -1)},"chain":"${this.#chain}"}\n`
  }
}

export type JournalVerdict =
  /** `sealed`: lines that a signature stands for, and whose. */
  { ok: true; lines: number; sealed: number; by: string[] } | { ok: false; line: number; why: string }

/** Whether these lines are an unbroken journal, and who signed how much of it. Lines are counted from 1. */
export async function verifyJournal(lines: Iterable<string> | AsyncIterable<string>): Promise<JournalVerdict> {
  const by = new Set<string>()
  let chain = ''
  let count = 0
  let sealed = 0
  for await (const line of lines) {
    count++
    const stated = CHAIN.exec(line)?.[1]
    if (stated === undefined) return { ok: false, line: count, why: 'no chain value at its end' }
    const json = `${line.slice(0, line.lastIndexOf(',"chain":"'))}}`
    if (json.startsWith('{"seal":')) {
      const who = sealedBy(json, chain)
      if (who === undefined) return { ok: false, line: count, why: 'a seal whose signature does not hold' }
      by.add(who)
      sealed = count
    }
    chain = chainOf(chain, json)
    if (chain !== stated) return { ok: false, line: count, why: 'it was changed, or a line before it is missing' }
  }
  return { ok: true, lines: count, sealed, by: [...by] }
}

/** The account whose signature of the chain so far a seal carries. */
function sealedBy(json: string, chain: string): string | undefined {
  let seal: { by?: unknown; signature?: unknown }
  try {
    seal = JSON.parse(json) as typeof seal
  } catch {
    return undefined
  }
  const { by, signature } = seal
  if (typeof by !== 'string' || typeof signature !== 'string') return undefined
  return verifyDetached(SIGNED, utf8(chain), new Uint8Array(Buffer.from(signature, 'base64url')), by) ? by : undefined
}

function chainOf(before: string, json: string): string {
  return hash('sha256', `${before}\n${json}`, 'base64url')
}
