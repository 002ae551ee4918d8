import { getDomain } from 'tldts'

export type Scope = 'host' | 'domain' | 'any'

/** The registrable domain of a host by the public suffix list (private suffixes too); the host itself where there is none. */
export function registrableDomain(hostname: string): string {
  return getDomain(hostname, { allowPrivateDomains: true }) ?? hostname
}

/** Whether a URL belongs to the crawl that these seeds began. `host` means host and port. */
export function scopeOf(scope: Scope, seeds: readonly string[]): (url: URL) => boolean {
  if (scope === 'any') return () => true
  const urls = seeds.map((seed) => URL.parse(seed)).filter((url) => url !== null)
  if (scope === 'host') {
    const hosts = new Set(urls.map(({ host }) => host))
    return ({ host }) => hosts.has(host)
  }
  const domains = new Set(urls.map(({ hostname }) => registrableDomain(hostname)))
  return ({ hostname }) => domains.has(registrableDomain(hostname))
}
