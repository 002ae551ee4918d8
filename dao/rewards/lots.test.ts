import { describe, expect, it } from 'vitest'
import { sha256, u32 } from '../../schemas/wire/index.ts'
import { assigned, committeeOf, hostKey, leaseHolders, leases, onLease } from './index.ts'

const beacon = (n: number): Uint8Array => sha256(u32(n))
const accounts = Array.from({ length: 30 }, (_, i) => `did:key:v${String(i).padStart(2, '0')}`)
const seats = accounts.map((account, i) => ({ account, operator: `op${i % 10}`, asn: i % 15 }))

describe('a committee', () => {
  it('has K members, another one for every beacon and contributor, whatever order the roster has', () => {
    const one = committeeOf(beacon(1), 'c1', seats, 7, 'none')
    expect(one).toHaveLength(7)
    expect(committeeOf(beacon(1), 'c1', seats.toReversed(), 7, 'none')).toEqual(one)
    expect(committeeOf(beacon(2), 'c1', seats, 7, 'none')).not.toEqual(one)
    expect(committeeOf(beacon(1), 'c2', seats, 7, 'none')).not.toEqual(one)
  })

  it('is everybody when there are few', () => {
    expect(committeeOf(beacon(1), 'c1', seats.slice(0, 4), 21, 'none').toSorted()).toEqual(accounts.slice(0, 4))
  })

  it('never holds the contributor itself', () => {
    for (let i = 0; i < 20; i++) expect(committeeOf(beacon(i), accounts[0] ?? '', seats, 30, 'none')).not.toContain(accounts[0])
  })

  it('under full independence shares no operator and no network, among its members or with the contributor', () => {
    for (let i = 0; i < 50; i++) {
      const chosen = committeeOf(beacon(i), 'c1', seats, 21, 'full', { operator: 'op3', asn: 5 }).map((account) =>
        seats.find((s) => s.account === account),
      )
      expect(new Set(chosen.map((s) => s?.operator)).size).toBe(chosen.length)
      expect(new Set(chosen.map((s) => s?.asn)).size).toBe(chosen.length)
      expect(chosen.some((s) => s?.operator === 'op3' || s?.asn === 5)).toBe(false)
      expect(chosen.length).toBeGreaterThan(3)
    }
  })

  it('does not take two unknowns for one', () => {
    const unknown = accounts.map((account) => ({ account, operator: null, asn: null }))
    expect(committeeOf(beacon(1), 'c1', unknown, 21, 'full')).toHaveLength(21)
  })

  it('seats everyone about equally often', () => {
    const counts = new Map<string, number>()
    for (let i = 0; i < 600; i++) for (const v of committeeOf(beacon(i), 'c1', seats, 5, 'none')) counts.set(v, (counts.get(v) ?? 0) + 1)
    for (const account of accounts) expect(Math.abs((counts.get(account) ?? 0) - 100)).toBeLessThan(45)
  })
})

describe('a host lease', () => {
  const holders = leases({ beacon: beacon(1), host: 'a.example', contributors: accounts })
  const urls = Array.from({ length: 4000 }, (_, i) => `https://a.example/page/${i}`)

  it('falls to two contributors, others for other hosts and epochs', () => {
    expect(holders).toHaveLength(2)
    expect(leaseHolders(beacon(1), 'a.example', accounts.toReversed())).toEqual(holders)
    const all = new Set(
      Array.from({ length: 200 }, (_, i) => leases({ beacon: beacon(1), host: `h${i}.example`, contributors: accounts }).join()),
    )
    expect(all.size).toBeGreaterThan(100)
    expect(leases({ beacon: beacon(2), host: 'a.example', contributors: accounts })).not.toEqual(holders)
  })

  it('divides the URLs: each has one holder, one in sixteen has both, nobody else has any', () => {
    const [a = '', b = ''] = holders
    const mine = (account: string): Set<string> => new Set(urls.filter((url) => assigned({ url, host: 'a.example', holders, account })))
    const [one, two] = [mine(a), mine(b)]
    expect(urls.every((url) => one.has(url) || two.has(url))).toBe(true)
    const both = urls.filter((url) => one.has(url) && two.has(url)).length
    expect(both).toBeGreaterThan(180)
    expect(both).toBeLessThan(320)
    expect(Math.abs(one.size - two.size)).toBeLessThan(250)
    const other = accounts.find((account) => !holders.includes(account)) ?? ''
    expect(mine(other).size).toBe(0)
    expect([onLease(holders, a), onLease(holders, other)]).toEqual([true, false])
  })

  it('is whole for a lone holder, and open where nobody holds it', () => {
    expect(urls.slice(0, 50).every((url) => assigned({ url, holders: ['x'], account: 'x' }))).toBe(true)
    expect(assigned({ url: 'https://a.example/', holders: ['x'], account: 'y' })).toBe(false)
    expect(assigned({ url: 'https://a.example/', holders: [], account: 'y' })).toBe(true)
    expect(onLease([], 'y')).toBe(true)
  })
})

describe('the host key', () => {
  it.each([
    ['a.github.io', 'github.io'],
    ['b.github.io', 'github.io'],
    ['www.bbc.co.uk', 'bbc.co.uk'],
    ['example.org', 'example.org'],
    ['a.blogspot.com', 'blogspot.com'],
    ['bucket.s3.amazonaws.com', 'amazonaws.com'],
    ['xn--bcher-kva.example.de', 'example.de'],
    ['localhost', 'localhost'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1:8080', '127.0.0.1:8080'],
    ['[::1]:80', '[::1]:80'],
    ['news.site.test', 'news.site.test'],
    ['a.b.invalid', 'a.b.invalid'],
    ['co.uk', 'co.uk'],
  ])('%s counts as %s', (host, key) => {
    expect(hostKey(host)).toBe(key)
  })
})
