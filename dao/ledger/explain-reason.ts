/** One step of an explanation. `text` is for people; `code` and `facts` for programs. */
export interface Reason {
  /** `row`, `formula`, `fail`, `fraud`, `void`, `points`, `vesting`, `lease`, `value`, `moved`, `duty`, `phase`, `attest`, `invalid`… */
  code: string
  text: string
  /** Log index of the entry that shows it; null for what follows from several. */
  index: number | null
  epoch: number | null
  facts: Record<string, string | number | null>
}

export const reason = (code: string, text: string, more: Partial<Omit<Reason, 'code' | 'text'>> = {}): Reason => ({
  code,
  text,
  index: null,
  epoch: null,
  facts: {},
  ...more,
})
