/** The settings of a role read: `--listen`, `--announce`, `--max-bytes`, `--http`, `--hosts`. */
import { UsageError } from '../../core/errors/index.ts'
import { isPublic } from '../../core/web/index.ts'
import { type Flags, listOf, settingOf } from '../program/index.ts'

/** Multiaddrs to listen on; "none" listens nowhere. */
export function listenOf(text: string | undefined): string[] {
  if (text === undefined || text === 'none') return []
  const addresses = listOf(text)
  for (const address of addresses)
    if (!/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+$/.test(address))
      throw new UsageError('BAD_LISTEN', `"${address}" is no address to listen on; write it like /ip4/0.0.0.0/tcp/4001`)
  return addresses
}

/** Multiaddrs to announce. Throws UsageError BAD_ANNOUNCE. */
export function announceOf(text: string | undefined): string[] {
  const addresses = listOf(text)
  for (const address of addresses)
    if (!/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/[1-9]\d*$/.test(address))
      throw new UsageError('BAD_ANNOUNCE', `"${address}" is no address to announce; write it like /dns4/dao.example.org/tcp/4001`)
  return addresses
}

/** Loopback and container networks put many peers behind one address: the mesh must not take them for one attacker. */
export function isPrivateListen(addresses: readonly string[], flags: Flags = {}): boolean {
  return (
    settingOf('privateNetwork', flags) === '1' ||
    (addresses.length > 0 && addresses.every((address) => /^\/(ip4\/127\.|ip6\/::1\/)/.test(address)))
  )
}

/** `--max-bytes` read. Throws UsageError BAD_MAX_BYTES. */
export function bytesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const bytes = Number(text)
  if (!/^[1-9]\d*$/.test(text) || !Number.isSafeInteger(bytes))
    throw new UsageError('BAD_MAX_BYTES', `--max-bytes takes a number of bytes, like 50000000000, not "${text}"`)
  return bytes
}

/** `--http` read. Throws UsageError BAD_HTTP. */
export function hostPort(text: string): { host: string; port: number } {
  const parts = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(text)
  if (parts === null || Number(parts[2]) > 65_535) throw new UsageError('BAD_HTTP', `--http takes host:port, not "${text}"`)
  return { host: parts[1] as string, port: Number(parts[2]) }
}

/** Whether an address that a stranger named leads to the public internet; a name is left to the resolver, but for those that mean an inside. */
export function isPublicMultiaddr(address: string): boolean {
  const [, protocol, host = ''] = address.split('/')
  if (protocol === 'ip4' || protocol === 'ip6') return isPublic(host)
  return (
    /^dns[46]?$/.test(protocol ?? '') &&
    /\.[a-z0-9-]*[a-z][a-z0-9-]*$/i.test(host) &&
    !/\.(local|localhost|internal|lan|home\.arpa)$/i.test(host)
  )
}

/** Whether a DAO at these addresses is our neighbour: then so may be everybody it names, and many of them behind one address. */
export function isPrivateDao(addresses: readonly string[], flags: Flags = {}): boolean {
  return settingOf('privateNetwork', flags) === '1' || !addresses.some(isPublicMultiaddr)
}

/** `name=ip` pairs, separated by commas. */
export function hostsOf(text: string | undefined): Record<string, string> {
  return Object.fromEntries(
    listOf(text).map((pair) => {
      const [name, ip] = pair.split('=')
      if (!name || !ip) throw new UsageError('BAD_HOSTS', `"${pair}" is no name=ip pair`)
      return [name, ip]
    }),
  )
}
