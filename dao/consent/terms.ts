/** The vocabulary that consent is spoken in: names of DPV 2.3, pinned, so that a term is either known here or refused. */
import pinned from './tables/dpv-terms.json' with { type: 'json' }

const names: ReadonlySet<string> = new Set(
  (['ai', 'dpv', 'eu-dga', 'eu-gdpr', 'pd'] as const).flatMap((prefix) => pinned[prefix].map((name) => `${prefix}:${name}`)),
)

/** Whether `prefix:name` is a term of DPV 2.3 (`dpv ai pd eu-gdpr eu-dga`). */
export const isDpvTerm = (term: string): boolean => names.has(term)
