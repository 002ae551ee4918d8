/** Counts by host, language, licence, schema and contributor while rows go by. */
import type { CID } from '../../schemas/wire/index.ts'
import type { ReleaseManifest, Tally } from './manifest.ts'
import type { ReleaseRow, Selection } from './types.ts'

export class Tallies {
  readonly denied: CID[] = []
  readonly all: Tally = { records: 0, tokens: 0, bytes: 0 }
  readonly #by = {
    host: new Map<string, Tally>(),
    language: new Map<string, Tally>(),
    license: new Map<string | null, Tally>(),
    schema: new Map<string, Tally>(),
    contributor: new Map<string, Tally>(),
  }
  #from = Number.POSITIVE_INFINITY
  #to = 0

  /** `bytes` of text, `fetchedAt` in Unix milliseconds. */
  add(row: ReleaseRow, bytes: number, license: string | null, fetchedAt: number): void {
    const { host, language, schema, contributor } = row
    count(this.all, row.tokens, bytes)
    count(tallyOf(this.#by.host, host), row.tokens, bytes)
    count(tallyOf(this.#by.language, language), row.tokens, bytes)
    count(tallyOf(this.#by.license, license), row.tokens, bytes)
    count(tallyOf(this.#by.schema, schema), row.tokens, bytes)
    count(tallyOf(this.#by.contributor, contributor), row.tokens, bytes)
    this.#from = Math.min(this.#from, fetchedAt)
    this.#to = Math.max(this.#to, fetchedAt)
  }

  describe({
    considered,
    left,
  }: Selection): Pick<ReleaseManifest, 'counts' | 'languages' | 'licenses' | 'schemas' | 'contributors' | 'hosts'> {
    return {
      counts: {
        ...this.all,
        considered,
        left,
        hosts: this.#by.host.size,
        contributors: this.#by.contributor.size,
        from: this.all.records === 0 ? 0 : this.#from,
        to: this.#to,
      },
      languages: sorted(this.#by.language).map(([language, tally]) => ({ language, ...tally })),
      licenses: sorted(this.#by.license).map(([license, tally]) => ({ license, ...tally })),
      schemas: sorted(this.#by.schema).map(([schema, tally]) => ({ schema, ...tally })),
      contributors: sorted(this.#by.contributor).map(([contributor, tally]) => ({ contributor, ...tally })),
      hosts: sorted(this.#by.host).map(([host, tally]) => ({ host, ...tally })),
    }
  }
}

function count(tally: Tally, tokens: number, bytes: number): void {
  tally.records++
  tally.tokens += tokens
  tally.bytes += bytes
}

function tallyOf<K>(map: Map<K, Tally>, key: K): Tally {
  let tally = map.get(key)
  if (tally === undefined) map.set(key, (tally = { records: 0, tokens: 0, bytes: 0 }))
  return tally
}

/** Null, the unknown, first; then by code units. */
const sorted = <K extends string | null>(map: Map<K, Tally>): [K, Tally][] =>
  [...map].toSorted(([a], [b]) => (a === b ? 0 : a === null ? -1 : b === null ? 1 : a < b ? -1 : 1))
