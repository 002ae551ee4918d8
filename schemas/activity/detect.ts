/** Which source an export is of: by its files and their first bytes, never by the archive's name. */
import { ExportError } from './errors.ts'
import type { Source } from './event.ts'
import { headOf } from './read/index.ts'
import type { ExportFile, FileKind, SourceParser } from './source.ts'
import { parsers } from './sources/index.ts'

export interface Detected {
  parser: SourceParser
  /** What the parser will read. */
  files: { file: ExportFile; kind: FileKind }[]
  /** Files of the export that are not read at all: pictures, settings, what no parser knows. */
  ignored: number
}

const READABLE = /\.(?:json|jsonl|ndjson|csv|tsv|html?|js|txt|xml|vcf)$/
/** Below this nothing is certain; a kind of weight 3 is. */
const CERTAIN = 3

/**
 * The source whose kinds fit best. `only` restricts it. Throws ExportError UNKNOWN_SOURCE, SEVERAL_SOURCES.
 */
export async function detect(
  files: readonly ExportFile[],
  { only, ownColumns }: { only?: Source | undefined; ownColumns?: boolean } = {},
): Promise<Detected> {
  const candidates = parsers.filter(
    ({ source }) => (ownColumns === true ? source === 'own' : source !== 'own') && (only === undefined || source === only),
  )
  const claims = new Map<SourceParser, { score: number; files: Detected['files'] }>(
    candidates.map((parser) => [parser, { score: 0, files: [] }]),
  )
  for (const file of files) {
    const path = file.path.toLowerCase()
    if (!READABLE.test(path)) continue
    let head: string | undefined
    for (const parser of candidates) {
      for (const kind of parser.kinds) {
        if (kind.path !== undefined && !kind.path.test(path)) continue
        if (kind.head !== undefined) {
          head ??= await headOf(file)
          if (!kind.head.test(head)) continue
        }
        const claim = claims.get(parser)
        if (claim === undefined) break
        claim.score += kind.weight
        if (kind.survey !== undefined || kind.events !== undefined) {
          claim.files.push({ file, kind })
          break
        }
      }
    }
  }
  const ranked = [...claims].filter(([, { files: claimed }]) => claimed.length > 0).toSorted(([, a], [, b]) => b.score - a.score)
  const best = ranked[0]
  if (best === undefined || (best[1].score < CERTAIN && ownColumns !== true && only === undefined))
    throw new ExportError(
      'UNKNOWN_SOURCE',
      'no known export is made of these files; for a CSV or JSON of your own say which column is what: --columns "time=When,text=Note"',
    )
  const taken = new Set(best[1].files.map(({ file }) => file.path))
  const other = ranked
    .slice(1)
    .find(
      ([parser, { files: claimed }]) =>
        claimed.some(({ file, kind }) => kind.weight >= CERTAIN && !taken.has(file.path)) && parser.source !== best[0].source,
    )
  if (other !== undefined && only === undefined)
    throw new ExportError(
      'SEVERAL_SOURCES',
      `this holds exports of ${best[0].source} and ${other[0].source}; take one at a time with --source`,
    )
  // one order on every machine
  const ordered = best[1].files.toSorted((a, b) => (a.file.path < b.file.path ? -1 : 1))
  return { parser: best[0], files: ordered, ignored: files.length - taken.size }
}
