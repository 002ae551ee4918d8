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
