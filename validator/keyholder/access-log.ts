/** Who asked for which chunks: one chain of lines per contribution, kept on disk before an answer leaves. */
import type { Kv } from '../../core/effects/index.ts'
import { ACCESS_GENESIS, type AccessState } from '../../dao/custody/index.ts'
import { type AccessLine, type CID, encode, parse, sha256, toHex, uint } from '../../schemas/wire/index.ts'

/** Written in a day of one asker and one contribution. */
const MOST_REFUSALS = 64

export class AccessLog {
  readonly #kv: Kv
  #last: Promise<unknown> = Promise.resolve()
  /** Refusals of the day by contribution and asker. */
  readonly #refusals = new Map<string, number>()
  #day = 0

  constructor(kv: Kv) {
    this.#kv = kv
  }

  /** On disk when it resolves. What one account is refused of one contribution is written so many times a day, and then no more: it would hide the rest. */
  append(line: Omit<AccessLine, 'v' | 'n' | 'prev'>): Promise<void> {
    if (line.outcome !== 'ok' && this.#isOneTooMany(line)) return Promise.resolve()
    const done = this.#last.then(async () => {
      const { lines, head } = await this.state(line.manifest)
      const bytes = encode({ v: 1, ...line, n: lines, prev: head })
      await this.#kv.put(`${prefixOf(line.manifest)}${nameOf(lines)}`, bytes)
      await this.#kv.put(headOf(line.manifest), encode(lines + 1))
    })
    this.#last = done.catch(() => {})
    return done
  }

  #isOneTooMany({ manifest, by, at }: Pick<AccessLine, 'manifest' | 'by' | 'at'>): boolean {
    const day = Math.floor(at / 86_400)
    if (day !== this.#day) {
      this.#day = day
      this.#refusals.clear()
    }
    const key = `${prefixOf(manifest)}${by}`
    const before = this.#refusals.get(key) ?? 0
    this.#refusals.set(key, before + 1)
    return before >= MOST_REFUSALS
  }

  /** From the lines themselves where the note of their end did not make it to the disk. */
  async state(manifest: CID): Promise<AccessState> {
    const noted = await this.#kv.get(headOf(manifest))
    let lines = noted === undefined ? 0 : parse(uint, noted, 16)
    let last = lines === 0 ? undefined : await this.#line(manifest, lines - 1)
    for (let next = await this.#line(manifest, lines); next !== undefined; next = await this.#line(manifest, lines)) {
      last = next
      lines++
    }
    return { lines, head: last === undefined ? ACCESS_GENESIS : sha256(last) }
  }

  /** Up to `count` lines from `from` on, as they were written. */
  async read(manifest: CID, from: number, count: number): Promise<Uint8Array[]> {
    const found: Uint8Array[] = []
    for (let n = from; found.length < count; n++) {
      const line = await this.#line(manifest, n)
      if (line === undefined) break
      found.push(line)
    }
    return found
  }

  #line(manifest: CID, n: number): Promise<Uint8Array | undefined> {
    return this.#kv.get(`${prefixOf(manifest)}${nameOf(n)}`)
  }
}

const prefixOf = (manifest: CID): string => `access/${toHex(manifest.multihash.digest)}/`
const headOf = (manifest: CID): string => `access-head/${toHex(manifest.multihash.digest)}`
const nameOf = (n: number): string => String(n).padStart(10, '0')
