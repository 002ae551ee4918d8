/** `quern extract --jsonl`: one line in, one line out, whatever the line holds. */
import { runPipelineOnHtml } from './pipelines.ts'

/** Longest line that is read. */
const MAX_LINE_UNITS = 16 << 20

type Id = string | number | boolean | null

/**
 * `{"id"?, "url", "html"}` -> `{"id","record"}` or `{"id","error":{"code","message"}}`. Never throws. Codes of bad lines: LINE_TOO_LONG,
 * BAD_JSON, BAD_LINE; those of pages are the pipeline's. `id` comes back as it was, null where it is missing or no scalar.
 */
export function extractLine(line: string, pipeline?: string): string {
  if (line.length > MAX_LINE_UNITS) return failure(null, 'LINE_TOO_LONG', `a line beyond ${MAX_LINE_UNITS} characters`)
  let input: unknown
  try {
    input = JSON.parse(line)
  } catch {
    return failure(null, 'BAD_JSON', 'the line is not JSON')
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return failure(null, 'BAD_LINE', 'the line is not an object')
  const { id, url, html } = input as Record<string, unknown>
  const known = isScalar(id) ? id : null
  if (id !== undefined && !isScalar(id)) return failure(null, 'BAD_LINE', 'id must be a string or a number')
  if (typeof url !== 'string') return failure(known, 'BAD_LINE', 'url must be a string')
  if (typeof html !== 'string') return failure(known, 'BAD_LINE', 'html must be a string')
  const result = runPipelineOnHtml(serialised(url), html, pipeline)
  if (!result.ok) return failure(known, result.error.code, result.error.message)
  return `{"id":${JSON.stringify(known)},"record":${Buffer.from(result.measured.record).toString('utf8')}}`
}

function isScalar(value: unknown): value is Id {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** The URL as evidence would name it: WHATWG-serialised, without fragment; what does not parse is left to the pipeline to refuse. */
function serialised(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return url
  parsed.hash = ''
  return parsed.href
}

function failure(id: Id, code: string, message: string): string {
  return JSON.stringify({ id, error: { code, message } })
}
