/** `--contact`: how the owner of a site that is crawled reaches a person. */
import { UsageError } from '../../core/errors/index.ts'
import { charter } from '../../schemas/wire/index.ts'
import type { Flags } from '../program/index.ts'

const HERE = /^(?:.+\.)?localhost$|^127\.\d+\.\d+\.\d+$|^\[?::1\]?$/

/**
 * The address given; undefined where none is and every page lies on this machine, by its name or by the list of `--hosts`: its owner sits here.
 * Throws UsageError CONTACT_MISSING or BAD_CONTACT.
 */
export function contactOf(flags: Flags, urls: readonly string[], hosts: Record<string, string>): string | undefined {
  const contact = flags['contact']
  if (typeof contact === 'string') {
    if (!charter.shape.contact.safeParse(contact).success)
      throw new UsageError('BAD_CONTACT', '--contact takes an address like mailto:you@example.org or https://example.org/crawler')
    return contact
  }
  const isHere = (url: string): boolean => {
    const hostname = URL.parse(url)?.hostname ?? ''
    return HERE.test(hosts[hostname] ?? hostname)
  }
  if (urls.every(isHere)) return undefined
  throw new UsageError('CONTACT_MISSING', 'site owners must be able to reach a person: give --contact mailto:… or https://…')
}
