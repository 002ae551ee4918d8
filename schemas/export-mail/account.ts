/** An account of a service, as the pool's tokens know it: equal for equal accounts, whatever the mail program made of the address. */
import { sha256, utf8 } from '../wire/index.ts'

const GOOGLE = new Set(['gmail.com', 'googlemail.com'])

export interface MailAccount {
  /** Of the charter's that the sender is at or below, the shortest. */
  domain: string
  /** Whom the mail was sent to, lower case. */
  address: string
}

/** An address (lower case) without what only its owner put in: `+word`, and at Google Mail dots and the second name of its domain. */
export function accountAddress(address: string): string {
  const at = address.lastIndexOf('@')
  const [local, domain] = [address.slice(0, at), address.slice(at + 1)]
  const base = local.replace(/(?<=.)\+.*$/, '')
  return GOOGLE.has(domain) ? `${base.replaceAll('.', '')}@gmail.com` : `${base}@${domain}`
}

/**
 * What the pool's pseudorandom function is asked for: SHA-256("quern/pool-account/v1\0" ‖ domain ‖ 00 ‖ address). `domain`: of the sender, as the charter
 * lists it, and not the service: whoever writes for two services attests one account once.
 */
export function accountBand({ domain, address }: MailAccount): Uint8Array {
  return sha256(utf8(`quern/pool-account/v1\0${domain}\0${accountAddress(address)}`))
}
