import { describe, expect, it } from 'vitest'
import { codeOf } from '../errors/index.ts'
import { AddressGuard, isPublic, literalAddress } from './address-guard.ts'

/** One address of every class that ipaddr.js 2.5.0 knows, and edges of the ranges. */
const PRIVATE: Record<string, string[]> = {
  private: ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.254', '192.168.0.1', '192.168.255.255'],
  carrierGradeNat: ['100.64.0.1', '100.127.255.255'],
  linkLocal: ['169.254.169.254', '169.254.0.1', 'fe80::1', 'febf::1'],
  reserved: [
    '192.0.0.8',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.9',
    '240.0.0.1',
    '2001:db8::1',
  ],
  loopback: ['127.0.0.1', '127.255.255.254', '::1'],
  unspecified: ['0.0.0.0', '::'],
  multicast: ['224.0.0.1', '239.255.255.255', 'ff02::1'],
  broadcast: ['255.255.255.255'],
  mapped: ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:169.254.169.254', '::127.0.0.1', '::ffff:0:127.0.0.1'],
  translated: ['64:ff9b::7f00:1', '64:ff9b:1::1'],
  tunnels: ['2002:7f00:1::1', '2001:0:4136:e378::1'],
  uniqueLocal: ['fc00::1', 'fdff::1'],
  siteLocal: ['fec0::1'],
  discard: ['100::1'],
  segmentRouting: ['5f00::1'],
  unallocated: ['4000::1', '8000::1', 'e000::1'],
  unreadable: ['', 'localhost', '1', '0x7f.1', '1.2.3', 'fe80::1%eth0', '::g'],
}

describe('isPublic', () => {
  for (const [kind, addresses] of Object.entries(PRIVATE)) it(`refuses ${kind}`, () => expect(addresses.filter(isPublic)).toEqual([]))

  it('takes public unicast, also when it comes mapped into IPv6', () => {
    for (const address of [
      '8.8.8.8',
      '1.1.1.1',
      '172.32.0.1',
      '192.169.0.1',
      '100.128.0.1',
      '2606:4700::1111',
      '2a00:1450::1',
      '::ffff:8.8.8.8',
    ])
      expect(isPublic(address), address).toBe(true)
  })
})

it('reads a literal from a host as WHATWG parsing leaves it', () => {
  const host = (text: string): string | undefined => literalAddress(new URL(`http://${text}/`).hostname)
  for (const text of ['127.0.0.1', '2130706433', '0x7f.1', '0x7f000001', '017700000001', '127.1', '0177.0.0.1', '127.0.0.1.', '127.0.0.1'])
    expect(host(text), text).toBe('127.0.0.1')
  expect(host('[::1]')).toBe('::1')
  expect(host('[::ffff:127.0.0.1]')).toBe('::ffff:7f00:1')
  expect(host('example.org')).toBeUndefined()
  expect(host('1.2.3.4.example')).toBeUndefined()
})

describe('checkName', () => {
  const guard = new AddressGuard()
  const refusal = (run: () => void): string | undefined => {
    try {
      run()
      return undefined
    } catch (thrown) {
      return codeOf(thrown)
    }
  }

  it('refuses a name when any one of its addresses is private', () => {
    expect(refusal(() => guard.checkName('a.example', ['8.8.8.8', '10.0.0.1'], 443))).toBe('ADDRESS_NOT_ALLOWED')
    expect(refusal(() => guard.checkName('a.example', ['8.8.8.8', '2606:4700::1111'], 443))).toBeUndefined()
  })

  it('refuses names that mean the inside, whatever they resolve to', () => {
    for (const name of [
      'localhost',
      'LOCALHOST',
      'localhost.',
      'a.localhost',
      'printer.local',
      'db.internal',
      'metadata.google.internal',
      'nas.home.arpa',
      'x.onion',
    ])
      expect(
        refusal(() => guard.checkName(name, ['8.8.8.8'], 80)),
        name,
      ).toBe('ADDRESS_NOT_ALLOWED')
    expect(refusal(() => guard.checkName('notlocalhost.example', ['8.8.8.8'], 80))).toBeUndefined()
  })

  it('refuses ports that are not the web’s', () => {
    for (const port of [22, 25, 6379, 8080, 65535]) expect(refusal(() => guard.checkAddress('8.8.8.8', port))).toBe('PORT_NOT_ALLOWED')
    expect(refusal(() => guard.checkPort(8080))).toBe('PORT_NOT_ALLOWED')
  })

  it('lets exactly the given range and port through', () => {
    const opened = new AddressGuard(['127.0.0.0/8:8080', 'fd00::/8', '[::1]:9', '10.1.2.3'])
    const allowed: [string, number][] = [
      ['127.0.0.1', 8080],
      ['::ffff:127.0.0.1', 8080],
      ['fd00::1', 1234],
      ['::1', 9],
      ['10.1.2.3', 5],
      ['8.8.8.8', 443],
    ]
    const refused: [string, number][] = [
      ['127.0.0.1', 80],
      ['127.0.0.1', 8081],
      ['128.0.0.1', 8080],
      ['::1', 10],
      ['10.1.2.4', 80],
      ['fc00::1', 80],
      ['8.8.8.8', 8080],
    ]
    for (const [address, port] of allowed)
      expect(
        refusal(() => opened.checkAddress(address, port)),
        `${address} ${port}`,
      ).toBeUndefined()
    for (const [address, port] of refused)
      expect(
        refusal(() => opened.checkAddress(address, port)),
        `${address} ${port}`,
      ).toBeDefined()
    expect(refusal(() => opened.checkName('localhost', ['127.0.0.1'], 8080))).toBeUndefined()
    expect(refusal(() => opened.checkName('localhost', ['127.0.0.1', '::1'], 8080))).toBe('ADDRESS_NOT_ALLOWED')
  })

  it('says what is wrong with a range', () => {
    for (const text of [
      '',
      'all',
      '127.0.0.0/33',
      'fd00::/129',
      '127.0.0.1:0',
      '127.0.0.1:70000',
      '127.1',
      '0x7f.1/8',
      '::1/8/9',
      '\u001b[2J',
    ])
      expect(
        refusal(() => new AddressGuard([text])),
        text,
      ).toBe('BAD_ALLOW_PRIVATE')
  })
})
