/** What a trainer gets: a tar archive in one age file. Data first, because its root stands in the manifest that follows. */
import { gzipSync } from 'node:zlib'
import { merkleLeafHash, utf8 } from '../../schemas/wire/index.ts'
import { TAR_END, tarFile } from './tar.ts'

/** Lines of one file, before packing: what is in memory at once. */
export const PART_BYTES = 8 << 20
/** No file of a bundle is larger. */
export const MAX_BUNDLE_FILE_BYTES = 64 << 20

export const FILES = {
  notice: 'README.txt',
  licence: 'licence.jsonld',
  manifest: 'release.cbor',
  readable: 'release.json',
  aiAct: 'ai-act-53-1-d.json',
  members: 'members.jsonl',
  report: 'report.json',
} as const

export interface Line {
  person: string
  line: string
}

/**
 * Lines into `data/part-00000.jsonl.gz` and on; `onLine` hears of the leaf hash of each. Within a part the lines of a person are in order of their
 * bytes: as it lived them, those without a time would stand between those with one.
 */
export async function* packLines(lines: AsyncIterable<Line>, onLine: (hash: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  let [part, size, number] = [[] as Line[], 0, 0]
  const cut = (): Uint8Array => {
    const name = `data/part-${String(number++).padStart(5, '0')}.jsonl.gz`
    const sorted = part.toSorted((a, b) => compare(a.person, b.person) || compare(a.line, b.line))
    for (const { line } of sorted) onLine(merkleLeafHash(utf8(line)))
    const bytes = new Uint8Array(gzipSync(sorted.map(({ line }) => `${line}\n`).join(''), { level: 6 }))
    ;[part, size] = [[], 0]
    return tarFile({ name, bytes })
  }
  for await (const one of lines) {
    part.push(one)
    size += one.line.length
    if (size >= PART_BYTES) yield cut()
  }
  if (part.length > 0) yield cut()
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

/** The files beside the data, in order, and the end of the archive. */
export function* closingFiles(files: Record<keyof typeof FILES, Uint8Array>): Generator<Uint8Array> {
  for (const [key, name] of Object.entries(FILES)) yield tarFile({ name, bytes: files[key as keyof typeof FILES] })
  yield TAR_END
}

export function noticeOfDuties({
  name,
  purposes,
  trainer,
  deleteWithinDays,
  canaries,
  withdrawal,
}: {
  name: string
  purposes: readonly string[]
  trainer: string
  deleteWithinDays: number
  canaries: number
  withdrawal: string
}): Uint8Array {
  return utf8(`Release ${name} of a personal pool, for ${trainer} and nobody else.

These are data of people. They are pseudonymised, not anonymous, and what they were given for is: ${purposes.join(', ')}.

You may use them for these purposes. You may not pass them on, in whole or in part, nor look for who is behind a pseudonym.
When somebody withdraws you delete their rows within ${deleteWithinDays} days. "quern pool check" on the folder they lie in asks the DAO whose they
are; run it before every training. A model trained before a withdrawal is not untrained by it: keep a record of what was trained on this release.
${canaries === 0 ? 'There are no made-up rows in it.' : `${canaries} rows in it are made up, so that a copy can be told by them. No column and no list marks them.`}

${withdrawal}

licence.jsonld             the licence, ODRL 2.2
release.cbor, release.json the public manifest, signed by the operator
members.jsonl              persons, and what is opened when one of them withdraws; whose account it is does not stand there
report.json                exact counts, not for publication
ai-act-53-1-d.json         this release's part of a summary of training content
data/*.jsonl.gz            the rows, pool-row@1
`)
}
