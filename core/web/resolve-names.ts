import { lookup } from 'node:dns/promises'
import { RetryableError } from '../errors/index.ts'
import type { Resolve } from './guarded-connector.ts'

/** The system's resolver, before it a fixed table of names (for sites that no DNS knows). Throws RetryableError DNS. */
export function resolveNames(hosts: Readonly<Record<string, string>>): Resolve {
  const fixed = new Map(Object.entries(hosts).map(([name, address]) => [name.toLowerCase(), address]))
  return async (name) => {
    const known = fixed.get(name.toLowerCase())
    if (known !== undefined) return [known]
    try {
      return (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason'
      throw new RetryableError('DNS', `the name did not resolve: ${code}`, { cause })
    }
  }
}
