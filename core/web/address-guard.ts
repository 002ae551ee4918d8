/**
 * Which addresses a crawler may reach. Everything that is not plain public unicast is refused: a page may name
 * 127.0.0.1, 169.254.169.254 or a name that resolves there, and must not make us fetch it (server-side request forgery).
 */
import ipaddr from 'ipaddr.js'
import { InvalidInputError, RefusedError } from '../errors/index.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6

interface Opening {
  network: Address
  prefix: number
  /** Null: every port of these addresses. */
  port: number | null
}

/** Names that mean "this machine" or "this network" whatever a resolver says. */
const INSIDE_NAMES = /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home\.arpa|onion)$/
const GLOBAL_UNICAST_V6 = ipaddr.IPv6.parseCIDR('2000::/3')
const WEB_PORTS = new Set([80, 443])

export class AddressGuard {
  readonly #openings: Opening[]

  /** `allowPrivate`: `CIDR` or `ADDRESS`, each with an optional `:PORT`; exactly those are let through. Throws InvalidInputError BAD_ALLOW_PRIVATE. */
  constructor(allowPrivate: readonly string[] = []) {
    this.#openings = allowPrivate.map(parseOpening)
  }

  /** Throws RefusedError PORT_NOT_ALLOWED when no address at all could be reached on this port; saves a resolution. */
  checkPort(port: number): void {
    if (WEB_PORTS.has(port) || this.#openings.some((o) => o.port === null || o.port === port)) return
    throw new RefusedError('PORT_NOT_ALLOWED', `port ${port} is not 80 or 443`, { detail: { port } })
  }

  /** Throws RefusedError unless this address is public unicast on a web port, or let through. */
  checkAddress(address: string, port: number): void {
    if (this.#isOpened(address, port)) return
    if (!isPublic(address))
      throw new RefusedError('ADDRESS_NOT_ALLOWED', `address ${printable(address)} is not a public one`, { detail: { address, port } })
    if (!WEB_PORTS.has(port)) throw new RefusedError('PORT_NOT_ALLOWED', `port ${port} is not 80 or 443`, { detail: { port } })
  }

  /**
   * Throws unless every address of a name may be reached: one private address among public ones is a split horizon or
   * an attack. Names that mean the inside need each address let through.
   */
  checkName(name: string, addresses: readonly string[], port: number): void {
    if (isInsideName(name) && !addresses.every((address) => this.#isOpened(address, port)))
      throw new RefusedError('ADDRESS_NOT_ALLOWED', `the name ${printable(name)} means a private network`, { detail: { name } })
    for (const address of addresses) this.checkAddress(address, port)
  }

  /** Whether a name needs no resolution to be refused. */
  refusesName(name: string): boolean {
    return isInsideName(name) && this.#openings.length === 0
  }

  #isOpened(address: string, port: number): boolean {
    const parsed = parseAddress(address)
    if (parsed === undefined) return false
    return this.#openings.some(
      ({ network, prefix, port: only }) =>
        (only === null || only === port) && parsed.kind() === network.kind() && parsed.match(network, prefix),
    )
  }
}

/** Public unicast and nothing else; an unreadable address is not public. */
export function isPublic(address: string): boolean {
  const parsed = parseAddress(address)
  if (parsed === undefined || parsed.range() !== 'unicast') return false
  // outside 2000::/3 nothing is allocated, and what is carved from there later need not be public
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(GLOBAL_UNICAST_V6)
}

/** The address a URL's host spells, brackets dropped; undefined where it is a name. Only for hosts that WHATWG parsing has normalised. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return parseAddress(bare) === undefined ? undefined : bare
}

function isInsideName(name: string): boolean {
  return INSIDE_NAMES.test(name.toLowerCase().replace(/\.+$/, ''))
}

/** v4-mapped addresses count as the IPv4 address they carry. */
function parseAddress(address: string): Address | undefined {
  const readable = address.includes(':') ? ipaddr.IPv6.isValid(address) : ipaddr.IPv4.isValidFourPartDecimal(address)
  return readable ? ipaddr.process(address) : undefined
}

function parseOpening(text: string): Opening {
  const bad = (why: string): never => {
    throw new InvalidInputError('BAD_ALLOW_PRIVATE', `"${printable(text)}": ${why}; write CIDR[:PORT], for example 127.0.0.0/8:8080`)
  }
  const match =
    /^\[?(?<address>[0-9a-f:.]+?)\/(?<prefix>\d{1,3})\]?(?::(?<port>\d{1,5}))?$/i.exec(text) ??
    /^(?<address>[0-9.]+)(?::(?<port>\d{1,5}))?$/.exec(text) ??
    /^\[(?<address>[0-9a-f:.]+)\](?::(?<port>\d{1,5}))?$/i.exec(text) ??
    /^(?<address>[0-9a-f:.]+)$/i.exec(text)
  const groups = match?.groups ?? bad('not an address range')
  const address = groups.address ?? ''
  const network = parseAddress(address) ?? bad('not an address range')
  const bits = network.kind() === 'ipv4' ? 32 : 128
  const prefix = groups.prefix === undefined ? bits : Number(groups.prefix)
  if (prefix > bits) bad(`a prefix is at most ${bits}`)
  const port = groups.port === undefined ? null : Number(groups.port)
  if (port !== null && (port < 1 || port > 65_535)) bad('a port is 1 to 65535')
  return { network, prefix, port }
}

/** Names and addresses come from strangers: nothing but visible ASCII goes into a message. */
function printable(text: string): string {
  return text.slice(0, 256).replace(/[^\x21-\x7e]/g, '?')
}
