/** What is found in a text: kinds, spans, the interface that other detectors implement. */

export const KINDS = ['secret', 'email', 'card', 'iban', 'ip', 'mac', 'national-id', 'phone', 'person', 'handle'] as const
export type Kind = (typeof KINDS)[number]

/** `text.slice(start, end)`: offsets count UTF-16 code units, as JavaScript strings do. */
export interface Span {
  start: number
  end: number
  /** One of `KINDS`, or a word of a detector's own. */
  kind: string
  /** Of a `person`: who. */
  person?: string
}

/**
 * Somebody else's eyes for what rules cannot see, such as a model that knows names. It gets one text at a time and gives spans of that
 * text; spans that lie outside of it are an error of the detector (`BAD_DETECTOR`). It may be slow, it must not send the text anywhere.
 */
export interface Detector {
  /** Lower-case letters, digits and dashes; goes into reports together with the version. */
  readonly name: string
  readonly version: string
  find(text: string): readonly Span[] | Promise<readonly Span[]>
}

/** Spans in order, none overlapping: earlier in `found` wins over later, so callers list what they trust most first. */
export function withoutOverlaps(found: readonly Span[]): Span[] {
  const kept: Span[] = []
  for (const span of found) {
    // the first kept span that ends behind this one's start
    let [low, high] = [0, kept.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((kept[middle] as Span).end > span.start) high = middle
      else low = middle + 1
    }
    const next = kept[low]
    if (next === undefined || next.start >= span.end) kept.splice(low, 0, span)
  }
  return kept
}

/** The text with each span replaced by what `nameOf` says of it. Spans must be in order and must not overlap. */
export function replaceSpans(text: string, spans: readonly Span[], nameOf: (span: Span) => string): string {
  if (spans.length === 0) return text
  const parts: string[] = []
  let at = 0
  for (const span of spans) {
    parts.push(text.slice(at, span.start), nameOf(span))
    at = span.end
  }
  return parts.join('') + text.slice(at)
}

/** `[email]`, `[phone]`; a person is its pseudonym. */
export function placeholder({ kind, person }: Span): string {
  return person ?? `[${kind}]`
}
