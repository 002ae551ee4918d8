/** What a host asks of those who ask it, for every role alike. */

/** The longest robots `Crawl-delay` that is waited for; a site that asks for more is left alone. */
export const maxCrawlDelayMs = 60_000

/** Milliseconds that a Retry-After asks for, from seconds or an HTTP date; undefined when absent or unreadable. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const at = /^[A-Za-z]{3,9}[, ]/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
