/** What is wrong with a charter, where, and what to write instead. */
export interface CharterProblem {
  /** `sources.delayMs`, `validators.listed[2]`; '' for the file as a whole. */
  path: string
  /** Counted from 1. */
  line: number
  column: number
  /** Stable: `MISSING`, `OUT_OF_RANGE`, `SPLIT_NOT_WHOLE`… */
  code: string
  message: string
  fix: string
}

/** `charter.yaml:12:3 sources.delayMs is -1: write a whole number from 0 to 600000, for example `1000``: a line that editors can follow. */
export function problemLine({ line, column, message, fix }: CharterProblem, file: string): string {
  return `${file}:${line}:${column} ${message}: ${fix}`
}

export type Path = readonly (string | number)[]
/** A problem whose place in the text is still to be found. */
export interface Finding extends Pick<CharterProblem, 'code' | 'message' | 'fix'> {
  path: Path
  /** Points at the key of the last step instead of its value. */
  atKey?: boolean
}

export function spell(path: Path): string {
  return path.map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`)).join('')
}
