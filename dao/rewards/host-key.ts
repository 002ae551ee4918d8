import { parse } from 'tldts'

const known = new Map<string, string>()
const KNOWN_LIMIT = 65_536

/**
 * The name under which a host's worth is counted: its registrable domain by the ICANN section of the Public Suffix List, so that every
 * `*.github.io` is one host and a page farm on free subdomains earns what one site earns. IP addresses, `localhost` and names outside the list
 * (`.test`) stand for themselves, port included.
 */
export function hostKey(host: string): string {
  const cached = known.get(host)
  if (cached !== undefined) return cached
  const { domain, isIcann } = parse(host, { allowPrivateDomains: false })
  const key = domain !== null && isIcann === true ? domain : host
  if (known.size >= KNOWN_LIMIT) known.clear()
  known.set(host, key)
  return key
}
