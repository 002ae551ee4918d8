/** What a parser of one kind of export is made of. To add a source, add a folder below `sources/` and a line to its index. */
import type { Found } from './draft.ts'
import type { Source } from './event.ts'
import type { PeopleBook } from './people.ts'

/** A file of the export, wherever it lies; it may be opened more than once. */
export interface ExportFile {
  /** As in the archive, with `/`. Never printed: names of files name people. */
  path: string
  bytes: number
  open: () => AsyncIterable<Uint8Array>
}

/** What only the owner can say. */
export interface Answers {
  /** The sender that is you (WhatsApp). */
  self?: string | undefined
  /** The profile that is you (Netflix). */
  profile?: string | undefined
  /** Order of ambiguous dates. */
  dates?: 'dmy' | 'mdy' | undefined
  /** Columns of own CSV or JSON. */
  columns?: ColumnMap | undefined
  /** What the archive or folder is called; used for hints, never written. */
  archive?: string | undefined
}

/** `{time: 'When', text: 'Note'}`: which column is what. Unnamed columns are dropped. */
export interface ColumnMap {
  type?: string | undefined
  kind?: string | undefined
  time?: string | undefined
  name?: string | undefined
  text?: string | undefined
  url?: string | undefined
  duration?: string | undefined
  value?: string | undefined
  unit?: string | undefined
  context?: string | undefined
  /** A column of other people's names: rows keep a pseudonym. */
  person?: string | undefined
  /** What an event is where no column says it. */
  defaultType?: string | undefined
}

export interface Reading {
  answers: Answers
  people: PeopleBook
  /** For what has to be seen over the whole export before a row is judged, such as which profile is whose; one per run. */
  notes: Map<string, unknown>
  /** A sentence for the owner, once; without content. */
  warn: (code: string, message: string) => void
}

/** One kind of file of an export. */
export interface FileKind {
  name: string
  /** On the lower-case path. */
  path?: RegExp
  /** On the first 16 KiB as text. Where both are given, both must fit. */
  head?: RegExp
  /** What a file of this kind says about the source: 3 alone is enough, 1 is a common name. */
  weight: number
  /** First pass: people this file names, and facts that rows are judged by. */
  survey?: (file: ExportFile, reading: Reading) => Promise<void>
  /** Second pass. */
  events?: (file: ExportFile, reading: Reading) => AsyncIterable<Found>
}

export interface SourceParser {
  source: Source
  /** Goes into the manifest: another version may read the same export differently. */
  version: number
  kinds: readonly FileKind[]
}
