import { type Charter, charter, type CID, parseCid } from '../../schemas/wire/index.ts'
import { checkSelectors, type ReadPage } from './check-selectors.ts'
import { crossCheck } from './cross-checks.ts'
import { encodeCharter } from './encode.ts'
import { explainIssue } from './explain-issue.ts'
import { type CharterProblem, type Finding, spell } from './problem.ts'
import { asWritten, longForm } from './shorthand.ts'
import { readYaml } from './yaml-text.ts'

export type ParsedCharter = { ok: true; charter: Charter; bytes: Uint8Array; cid: CID } | { ok: false; problems: CharterProblem[] }

/**
 * Reads a charter as people write it. Problems come in the order of the text, each with its line and what to write instead; fields are judged
 * together first, rules between fields once every field is right. Examples of selectors that are files are tried where `readPage` gives them.
 * Never throws.
 */
export function parseCharterYaml(text: string, { readPage }: { readPage?: ReadPage } = {}): ParsedCharter {
  const read = readYaml(text)
  if (!read.ok) return read
  const { value, place } = read.yaml
  const input = longForm(withCid(value))
  const shaped = charter.safeParse(input)
  const findings: Finding[] = shaped.success
    ? [...crossCheck(shaped.data), ...checkSelectors(shaped.data, readPage)]
    : firstPerField(shaped.error.issues.flatMap((issue) => explainIssue(issue, input)))
  if (findings.length > 0 || !shaped.success)
    return {
      ok: false,
      problems: findings
        .map((one) => place({ ...one, path: asWritten(one.path, value) }))
        .toSorted((a, b) => a.line - b.line || a.column - b.column),
    }
  return { ok: true, charter: shaped.data, ...encodeCharter(shaped.data) }
}

/** One thing at a time: a field that is too long and of the wrong form gets one answer. */
function firstPerField(findings: Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ path }) => !seen.has(spell(path)) && seen.add(spell(path)))
}

/** People write a CID as text; the shape takes the object. Text that is no CID stays, and the shape says so. */
function withCid(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('consent' in value) || typeof value.consent !== 'string') return value
  try {
    return { ...value, consent: parseCid(value.consent) }
  } catch {
    return value
  }
}
