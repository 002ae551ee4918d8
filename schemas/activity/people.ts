/** The people an export names, and what stands for them. */
import { createHmac } from 'node:crypto'
import { fold, NameIndex, type Person } from '../redact/index.ts'
import { ExportError } from './errors.ts'

const MAX_PEOPLE = 200_000
const MAX_NAME = 200

interface Names {
  names: Set<string>
  handles: Set<string>
}

/** Collects in the first pass; `close` numbers everybody by a keyed hash, so that the order says nothing. */
export class PeopleBook {
  readonly #people: Names[] = []
  readonly #byAlias = new Map<string, number>()
  readonly #self: Names = { names: new Set(), handles: new Set() }
  readonly #owners = new Map<string, Set<string>>()
  #pseudonyms: Map<number, string> | undefined

  /** Somebody else: every name and handle that means this person. Names already known join the person that has them. */
  add({ names = [], handles = [] }: { names?: readonly (string | undefined)[]; handles?: readonly (string | undefined)[] }): void {
    const kept = { names: usable(names), handles: usable(handles) }
    const aliases = [...kept.handles, ...kept.names].map(aliasOf)
    if (aliases.length === 0) return
    // a handle or address says who it is; two people may share a name
    let at = aliases.map((alias) => this.#byAlias.get(alias)).find((index) => index !== undefined)
    if (at === undefined) {
      if (this.#people.length >= MAX_PEOPLE)
        throw new ExportError('TOO_MANY_PEOPLE', `an export that names more than ${MAX_PEOPLE} people is not taken`)
      at = this.#people.push({ names: new Set(), handles: new Set() }) - 1
    }
    const person = this.#people[at] as Names
    for (const name of kept.names) person.names.add(name)
    for (const handle of kept.handles) person.handles.add(handle)
    for (const alias of aliases) if (!this.#byAlias.has(alias)) this.#byAlias.set(alias, at)
  }

  /** The owner's own names: they go as `P0`. */
  addSelf({ names = [], handles = [] }: { names?: readonly (string | undefined)[]; handles?: readonly (string | undefined)[] }): void {
    for (const name of usable(names)) this.#self.names.add(name)
    for (const handle of usable(handles)) this.#self.handles.add(handle)
  }

  /** Whose account this is, by the export's own word. Two of one kind are two people: SEVERAL_PEOPLE. */
  owner(kind: string, account: string | undefined): void {
    if (account === undefined || account.trim() === '') return
    const known = this.#owners.get(kind) ?? new Set()
    known.add(aliasOf(account))
    this.#owners.set(kind, known)
    if (known.size > 1)
      throw new ExportError(
        'SEVERAL_PEOPLE',
        'this holds the exports of two accounts; give one person’s export at a time, each with its own consent',
      )
  }

  isSelf(name: string): boolean {
    const alias = aliasOf(name)
    return [...this.#self.names, ...this.#self.handles].some((own) => aliasOf(own) === alias)
  }

  /** Ends the first pass. `key` is the contribution's secret: the same key and people give the same pseudonyms. */
  close(key: Uint8Array): NameIndex {
    const order = this.#people
      .map((person, at) => ({
        at,
        mac: createHmac('sha256', key)
          .update('quern/pseudonym/v1\0')
          .update(aliasOf([...person.handles, ...person.names][0] ?? ''))
          .digest('hex'),
      }))
      .toSorted((a, b) => (a.mac < b.mac ? -1 : 1))
    this.#pseudonyms = new Map(order.map(({ at }, i) => [at, `P${i + 1}`]))
    const people: Person[] = this.#people.map(({ names, handles }, at) => ({
      pseudonym: this.#pseudonyms?.get(at) ?? 'P',
      names: [...names],
      handles: [...handles],
    }))
    if (this.#self.names.size + this.#self.handles.size > 0)
      people.unshift({ pseudonym: 'P0', names: [...this.#self.names], handles: [...this.#self.handles] })
    return new NameIndex(people)
  }

  /** What stands for somebody whom the first pass met; undefined for strangers. */
  pseudonymOf(name: string): string | undefined {
    if (this.isSelf(name)) return 'P0'
    const at = this.#byAlias.get(aliasOf(name))
    return at === undefined ? undefined : this.#pseudonyms?.get(at)
  }

  get count(): number {
    return this.#people.length
  }
}

const aliasOf = (name: string): string => fold(name.replace(/^(?:@|\/?u\/)/i, '').trim())

function usable(names: readonly (string | undefined)[]): string[] {
  return names.flatMap((name) => {
    const bare = name?.trim() ?? ''
    return bare.length >= 2 && bare.length <= MAX_NAME ? [bare] : []
  })
}
