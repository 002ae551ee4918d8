/** C2SP tlog-policy: which logs and witnesses one trusts, and how many must agree. https://c2sp.org/tlog-policy */
import { InvalidInputError } from '../../core/errors/index.ts'
import { parseDecimal } from './base64.ts'
import { formatVkey, type NoteKey, parseVkey, SIGNATURE_TYPES, type SignatureType } from './note-key.ts'

/** At least k of the members, each a witness or a group. */
export interface PolicyGroup {
  k: number
  members: string[]
}

export interface Policy {
  /** By vkey: the log's key and where it is, if the policy says. */
  logs: { key: NoteKey; url: string | null }[]
  /** By the policy's own name. */
  witnesses: Map<string, { key: NoteKey; url: string | null }>
  groups: Map<string, PolicyGroup>
  /** A witness or a group; null: no cosignature is asked for. */
  quorum: string | null
}

const MAX_POLICY_BYTES = 256 << 10
const MAX_LINES = 4096

/** Reads a policy file. Throws InvalidInputError BAD_POLICY naming the line, or what `parseVkey` throws. */
export function parsePolicy(text: string): Policy {
  if (text.length > MAX_POLICY_BYTES) throw new InvalidInputError('BAD_POLICY', `a policy has at most ${MAX_POLICY_BYTES} bytes`)
  const draft = new PolicyDraft()
  const lines = text.split('\n')
  if (lines.length > MAX_LINES) throw new InvalidInputError('BAD_POLICY', `a policy has at most ${MAX_LINES} lines`)
  for (const [i, line] of lines.entries()) {
    try {
      // oxlint-disable-next-line no-control-regex
      if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(line)) throw bad('control character')
      const words = line.split(/[ \t]+/).filter((word) => word !== '')
      if (words.length > 0 && !(words[0] as string).startsWith('#')) draft.take(words)
    } catch (error) {
      if (error instanceof InvalidInputError)
        throw new InvalidInputError(error.code, `policy line ${i + 1}: ${error.message}`, { cause: error, detail: { line: i + 1 } })
      throw error
    }
  }
  return draft.finish()
}

/** Writes a policy file; `parsePolicy` reads back the same. */
export function formatPolicy({ logs, witnesses, groups, quorum }: Policy): string {
  const tail = (url: string | null): string => (url === null ? '' : ` ${url}`)
  return `${[
    ...logs.map(({ key, url }) => `log ${formatVkey(key)}${tail(url)}`),
    ...[...witnesses].map(([name, { key, url }]) => `witness ${name} ${formatVkey(key)}${tail(url)}`),
    ...[...groups].map(([name, { k, members }]) => `group ${name} ${k} ${members.join(' ')}`),
    `quorum ${quorum ?? 'none'}`,
  ].join('\n')}\n`
}

/** The policy of a ledger: one log, its validators as witnesses w1, w2…, any `quorum` of them. Throws as `parsePolicy` does. */
export function policyOf({ logs, witnesses, quorum }: { logs: readonly string[]; witnesses: readonly string[]; quorum: number }): Policy {
  const names = witnesses.map((_, i) => `w${i + 1}`)
  return parsePolicy(
    [
      ...logs.map((vkey) => `log ${vkey}`),
      ...witnesses.map((vkey, i) => `witness ${names[i]} ${vkey}`),
      ...(quorum === 0 ? ['quorum none'] : [`group validators ${quorum} ${names.join(' ')}`, 'quorum validators']),
    ].join('\n'),
  )
}

/** Whether these witnesses (by the policy's names) make its quorum. */
export function isQuorum(policy: Policy, cosigned: ReadonlySet<string>): boolean {
  const holds = (name: string): boolean => {
    const group = policy.groups.get(name)
    return group ? group.members.filter(holds).length >= group.k : cosigned.has(name)
  }
  return policy.quorum === null || holds(policy.quorum)
}

/** Groups refer backwards only, and each name is a member once: so evaluation ends and no witness counts twice. */
class PolicyDraft {
  readonly #logs: Policy['logs'] = []
  readonly #witnesses: Policy['witnesses'] = new Map()
  readonly #groups: Policy['groups'] = new Map()
  readonly #keys = new Set<string>()
  readonly #grouped = new Set<string>()
  #quorum: string | null | undefined

  take([keyword, ...words]: string[]): void {
    if (keyword === 'log' && (words.length === 1 || words.length === 2)) {
      const [vkey, url] = words as [string, string | undefined]
      this.#logs.push({ key: this.#key(vkey, SIGNATURE_TYPES.ed25519, 'log'), url: url ?? null })
    } else if (keyword === 'witness' && (words.length === 2 || words.length === 3)) {
      const [name, vkey, url] = words as [string, string, string | undefined]
      this.#witnesses.set(this.#newName(name), { key: this.#key(vkey, SIGNATURE_TYPES.cosignature, 'witness'), url: url ?? null })
    } else if (keyword === 'group' && words.length >= 3) {
      const [name, threshold, ...members] = words as [string, string, ...string[]]
      for (const member of members) {
        if (!this.#isDefined(member)) throw bad(`${member} is not defined above`)
        if (this.#grouped.has(member)) throw bad(`${member} is in a group already`)
        this.#grouped.add(member)
      }
      const k = threshold === 'any' ? 1 : threshold === 'all' ? members.length : parseDecimal(threshold)
      if (k === undefined || k < 1 || k > members.length) throw bad('the threshold is all, any, or a number from 1 to the members')
      this.#groups.set(this.#newName(name), { k, members })
    } else if (keyword === 'quorum' && words.length === 1) {
      if (this.#quorum !== undefined) throw bad('a second quorum')
      if (words[0] !== 'none' && !this.#isDefined(words[0] as string)) throw bad(`${words[0]} is not defined above`)
      this.#quorum = words[0] === 'none' ? null : (words[0] as string)
    } else {
      throw bad('not a log, witness, group or quorum line')
    }
  }

  finish(): Policy {
    if (this.#quorum === undefined) throw bad('no quorum line')
    return { logs: this.#logs, witnesses: this.#witnesses, groups: this.#groups, quorum: this.#quorum }
  }

  #key(vkey: string, type: SignatureType, role: 'log' | 'witness'): NoteKey {
    const key = parseVkey(vkey)
    if (key.type !== type) throw bad(`the key's signature type is not that of a ${role}`)
    // one key under two names would count twice
    const id = `${role} ${Buffer.from(key.publicKey).toString('hex')}`
    if (this.#keys.has(id)) throw bad(`the key of another ${role}`)
    this.#keys.add(id)
    return key
  }

  #newName(name: string): string {
    if (name === 'none' || this.#isDefined(name)) throw bad(`the name ${name} is taken`)
    return name
  }

  #isDefined(name: string): boolean {
    return this.#witnesses.has(name) || this.#groups.has(name)
  }
}

const bad = (message: string): InvalidInputError => new InvalidInputError('BAD_POLICY', message)
