import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import { localRules } from '../charter/index.ts'
import { isNoticeOf, printNotice, readPolicy } from '../consent/index.ts'
import { dealPoolKey } from '../custody/index.ts'
import { activityEvent } from '../../schemas/activity/index.ts'
import { cborCid, poolTerms, rawCid, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { chooseCommittee, nextCommittee, openPool, poolTemplate, readPoolFile } from './index.ts'

const operator = keyFromSeed(new Uint8Array(32).fill(1))
const seats = Array.from({ length: 7 }, (_, i) => ({
  account: keyFromSeed(new Uint8Array(32).fill(10 + i)).did,
  operator: `mill-${i % 3}`,
}))
const start = {
  name: 'Upper Mill',
  address: '1 Mill Lane',
  contact: 'mailto:miller@mill.example',
  jurisdiction: 'IE',
  authority: 'Data Protection Commission',
}

describe('the committee', () => {
  it('is five, three of which read, and of every operator before two of any', () => {
    const { k, members } = chooseCommittee(seats)
    expect([k, members.length]).toEqual([3, 5])
    const operators = members.map((account) => seats.find((seat) => seat.account === account)?.operator)
    expect(new Set(operators.slice(0, 3)).size).toBe(3)
    expect(chooseCommittee(seats.toReversed()).members).toEqual(members)
  })

  it.each([
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [7, 4],
  ])('of %i needs %i', (n, k) => {
    expect(chooseCommittee(seats.slice(0, n), { n }).k).toBe(k)
  })

  it.each<[string, string, () => unknown]>([
    ['of one', 'TOO_FEW_KEYHOLDERS', () => chooseCommittee(seats.slice(0, 1))],
    ['of fewer than asked for', 'TOO_FEW_KEYHOLDERS', () => chooseCommittee(seats.slice(0, 3), { n: 5 })],
    ['with a stranger', 'NOT_SEATED', () => chooseCommittee(seats, { members: [operator.did, seats[0]!.account] })],
    ['with one twice', 'SAID_TWICE', () => chooseCommittee(seats, { members: [seats[0]!.account, seats[0]!.account] })],
    ['of which more read than there are', 'BAD_QUORUM', () => chooseCommittee(seats, { k: 6 })],
    ['of which one reads', 'BAD_QUORUM', () => chooseCommittee(seats, { k: 1 })],
  ])('%s is refused', (_, code, choose) => {
    expect(choose).toThrow(expect.objectContaining({ code }))
  })
})

describe('the next committee', () => {
  const base = localRules({ name: 'mill', operator: operator.did, contact: 'mailto:miller@mill.example' })
  const committee = chooseCommittee(seats)
  const policyOf = (successors: boolean) => {
    const file = readPoolFile(poolTemplate({ ...start, trainers: [] }))
    const opened = openPool(file, { base, committee, operator, key: null, assembler: operator.did, successors })
    const read = readPolicy(opened.files[1] as Uint8Array)
    if (!read.ok) throw new Error(read.code)
    return read.policy
  }
  const after = (gone: number, successors: boolean, more: Partial<Parameters<typeof nextCommittee>[0]> = {}) => {
    const live = committee.members.slice(gone)
    const left = seats.filter(({ account }) => !committee.members.slice(0, gone).includes(account))
    return nextCommittee({ from: committee, live, seats: left, policy: policyOf(successors), ...more })
  }
  const others = seats.map(({ account }) => account).filter((account) => !committee.members.includes(account))

  it('is those that are left, where people agreed to these alone, and as many as before, where others may take over', () => {
    expect(after(1, false)).toEqual({ k: 3, members: committee.members.slice(1) })
    const { k, members } = after(2, true)
    expect([k, members.slice(0, 3), members.slice(3).toSorted()]).toEqual([3, committee.members.slice(2), others.toSorted()])
    expect(after(0, false)).toEqual(committee)
    expect(after(1, true, { members: [...committee.members.slice(1), others[0] as string], k: 4 }).k).toBe(4)
  })

  it.each<[string, string, () => unknown]>([
    ['too few are left', 'TOO_FEW_KEYHOLDERS', () => after(3, false)],
    [
      'somebody else is named',
      'RECIPIENT_NOT_NAMED',
      () => after(0, false, { members: [...committee.members.slice(1), others[0] as string] }),
    ],
    ['fewer are to read', 'QUORUM_LOWERED', () => after(0, false, { k: 2 })],
    ['one has no seat', 'NOT_SEATED', () => after(1, true, { members: committee.members })],
  ])('is none where %s', (_, code, choose) => {
    expect(choose).toThrow(expect.objectContaining({ code }))
  })
})

describe('a pool file', () => {
  it('becomes a signed policy, its notice and the next charter', () => {
    const base = localRules({ name: 'mill', operator: operator.did, contact: 'mailto:miller@mill.example' })
    const file = readPoolFile(poolTemplate({ ...start, trainers: [seats[6]!.account] }))
    const opened = openPool(file, { base, committee: chooseCommittee(seats), operator, key: null, assembler: seats[5]!.account })
    const [charter, policy, notice] = opened.files as [Uint8Array, Uint8Array, Uint8Array]
    expect(cborCid(charter).equals(opened.charter.cid)).toBe(true)
    const read = readPolicy(policy)
    expect(read.ok && read.cid.equals(opened.policy)).toBe(true)
    if (!read.ok) return
    expect(toHex(sha256(notice))).toBe(toHex(read.policy.notice.sha256))
    expect(rawCid(notice).equals(read.policy.notice.cid)).toBe(true)
    expect(opened.notice).toContain('Any 3 of them together can read it')
    expect(read.policy.recipients).toContainEqual({ role: 'trainer', id: seats[6]!.account })
  })

  it('names the key behind the tokens, which comes with the other files', () => {
    const base = localRules({ name: 'mill', operator: operator.did, contact: 'mailto:miller@mill.example' })
    const committee = chooseCommittee(seats)
    const { key } = dealPoolKey({ dao: 'quern/x', ...committee, at: 1 }, operator)
    const { files } = openPool(readPoolFile(poolTemplate(start)), { base, committee, operator, key, assembler: seats[5]!.account })
    const read = readPolicy(files[1] as Uint8Array)
    expect(read.ok && read.policy.poolKey?.equals(cborCid(files[3] as Uint8Array))).toBe(true)
  })

  it('tells people of the mails that its charter takes, and of none where it takes none', () => {
    const base = localRules({ name: 'mill', operator: operator.did, contact: 'mailto:miller@mill.example' })
    const opened = (mailSenders?: { source: string; domain: string }[]) => {
      const pool = poolTerms.parse(mailSenders === undefined ? {} : { mailSenders })
      const file = readPoolFile(poolTemplate(start))
      return openPool(file, { base: { ...base, pool }, committee: chooseCommittee(seats), operator, key: null, assembler: operator.did })
    }
    const read = (files: Uint8Array[]) => {
      const policy = readPolicy(files[1] as Uint8Array)
      if (!policy.ok) throw new Error(policy.code)
      return policy.policy
    }
    const [without, taking] = [opened(), opened([{ source: 'spotify', domain: 'tunes.example' }])]
    expect(without.notice).not.toContain('mail that your export is ready')
    expect(taking.notice).toContain('mail that your export is ready (of tunes.example)')
    expect(taking.notice).toContain('reads all of that mail, your address in it')
    for (const { notice, files } of [without, taking]) expect(isNoticeOf(read(files), utf8(notice))).toBe(true)
    // what people agreed to before there was a word of mails: the same policy gives the same text
    expect(without.notice).toBe(printNotice(read(without.files)))
    expect(isNoticeOf(read(without.files), utf8(taking.notice))).toBe(false)
  })

  it('says what events may say, which the notice tells people', () => {
    const base = localRules({ name: 'mill', operator: operator.did, contact: 'mailto:miller@mill.example' })
    const opened = (text: string) =>
      openPool(readPoolFile(text), { base, committee: chooseCommittee(seats), operator, key: null, assembler: operator.did })
    const coarse = poolTemplate(start)
      .replace('time: hour', 'time: day')
      .replace('placeDecimals: 2', 'placeDecimals: null')
      .replace(/types: .*/, 'types: [Listen]')
    const { files, notice } = opened(coarse)
    const rules = {
      time: 'day',
      placeDecimals: null,
      types: ['Listen'],
      fields: ['name', 'text', 'url', 'durationS', 'measure', 'place', 'context'],
    }
    expect(readPolicy(files[1] as Uint8Array)).toMatchObject({ policy: { rules } })
    expect(notice).toContain('its time to the day; no place; these fields: name,')
    expect(notice).toContain('Kinds of events: Listen.')
    // everything that an event has is named: what is not a field of the rules by a word of its own
    const words = {
      id: 'a number of its own',
      type: 'Kinds of events',
      time: 'its time',
      actor: 'your machine',
      source: 'service',
      lang: 'language',
    }
    const saidOf = (key: string): string => (key in words ? words[key as keyof typeof words] : key === 'object' ? 'its kind' : `, ${key}.`)
    for (const key of Object.keys(activityEvent.shape)) expect(notice).toContain(saidOf(key))
    for (const key of Object.keys(activityEvent.shape.object.shape)) expect(notice).toMatch(new RegExp(`\\b${key}\\b`))
    expect(notice).toContain('the title of a conversation')
    const untitled = opened(coarse.replace(', context]', ']')).notice
    expect(untitled).not.toContain('context')
    expect(opened(poolTemplate(start)).notice).toContain('its time to the hour; its place to the hundredth of a degree')
    // an older file says nothing of them, and then the policy does
    const older = readPoolFile(poolTemplate(start).replace(/rules:[\s\S]*?\n\n/, ''))
    expect(older.rules).toEqual(readPoolFile(poolTemplate(start)).rules)
    expect(() => opened(poolTemplate(start).replace(/types: .*/, 'types: [Listen, Listen]'))).toThrow(
      expect.objectContaining({ code: 'BAD_POLICY' }),
    )
  })

  it('is what the example in the documents is', () => {
    const example = readFileSync(new URL('../../docs/examples/pool.yaml', import.meta.url), 'utf8')
    const authority = 'Data Protection Commission, Dublin'
    expect(example).toBe(poolTemplate({ ...start, address: '1 Mill Lane, Dublin', authority }))
  })

  it('with a protected category stands on Article 9', () => {
    const base = localRules({ name: 'mill', operator: operator.did, contact: 'mailto:miller@mill.example' })
    const file = readPoolFile(
      poolTemplate(start).replace('special: []', 'special: [pd:HealthRecord]').replace('  - pd:FavouriteMusic', '  - pd:HealthRecord'),
    )
    const opened = openPool(file, { base, committee: chooseCommittee(seats), operator, key: null, assembler: seats[5]!.account })
    expect(readPolicy(opened.files[1] as Uint8Array)).toMatchObject({ policy: { lawfulBasis: 'eu-gdpr:A9-2-a' } })
  })

  it.each([
    ['a field nobody knows', `${poolTemplate(start)}extra: 1\n`, /extra|Unrecognized/],
    ['no purposes', poolTemplate(start).replace(/purposes:[\s\S]*?dataCategories/, 'dataCategories'), /purposes/],
    ['a trainer that is no account', poolTemplate(start).replace('trainers: []', 'trainers: [me]'), /trainers/],
    ['places to the metre', poolTemplate(start).replace('placeDecimals: 2', 'placeDecimals: 5'), /rules.placeDecimals/],
    ['events that nobody knows', poolTemplate(start).replace('[View,', '[Dream,'), /rules.types/],
    ['no YAML', 'a: [', /YAML/],
  ])('with %s is refused, and the field is named', (_, text, words) => {
    expect(() => readPoolFile(text)).toThrow(
      expect.objectContaining({ code: 'BAD_POOL_FILE', message: expect.stringMatching(words) as string }),
    )
  })
})
