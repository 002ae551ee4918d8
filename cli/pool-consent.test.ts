/** Consent asked of a person: nothing is ticked beforehand, silence is no, and leaving is no as well. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, it } from 'vitest'
import { poolPolicy } from '../tests/support/pool-world.ts'
import { poolTerms } from '../schemas/wire/index.ts'
import { askConsent } from './commands/pool-consent.ts'
import { askMail, broughtMail, mailText } from './commands/pool-mail.ts'
import { type Flags, type Prompter, prompterOver } from './program/index.ts'

const { policy } = poolPolicy()
const NEEDED = ['ai:ModelTraining', 'dpv:DataQualityAssessment']

/** Says yes to the questions that hold one of these words, and notes all of them. */
function person(...yes: string[]): Prompter & { asked: string[] } {
  const asked: string[] = []
  return {
    asked,
    yes(question) {
      asked.push(question)
      return Promise.resolve(yes.some((word) => question.includes(word)))
    },
  }
}

describe('the questions', () => {
  it('are one for each purpose and one for the age, and an optional one may be declined', async () => {
    const who = person(...NEEDED, 'adult')
    expect(await askConsent(policy, {}, who)).toEqual({ purposes: NEEDED, adult: true })
    expect(who.asked.map((question) => /\((\S+);|adult/.exec(question)?.[1])).toEqual([...policy.purposes.map(({ id }) => id), undefined])
  })

  it('take nothing that was named beforehand for an answer', async () => {
    const flags = { purpose: [...NEEDED, 'ai:Benchmarking'] }
    await expect(askConsent(policy, flags, person('adult'))).rejects.toMatchObject({ code: 'NOT_AGREED' })
    expect(await askConsent(policy, flags, person(...NEEDED, 'adult'))).toEqual({ purposes: NEEDED, adult: true })
  })

  it('end with the first needed purpose that is declined, and without an adult', async () => {
    const who = person()
    await expect(askConsent(policy, {}, who)).rejects.toMatchObject({ code: 'NOT_AGREED' })
    expect(who.asked).toHaveLength(1)
    await expect(askConsent(policy, {}, person(...NEEDED))).rejects.toMatchObject({ code: 'NOT_ADULT' })
  })

  it('leave out what privacy control answers', async () => {
    const who = person('I ')
    expect(await askConsent(policy, {}, who, true)).toEqual({ purposes: NEEDED, adult: true })
    expect(who.asked).toHaveLength(NEEDED.length + 1)
    const purposes = policy.purposes.map((one) => ({ ...one, optional: false }))
    await expect(askConsent({ ...policy, purposes }, {}, person('I '), true)).rejects.toMatchObject({ code: 'GPC' })
  })
})

describe('the question about a mail', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'quern-mail-'))
  const huge = path.join(folder, 'huge.eml')
  writeFileSync(huge, '')
  truncateSync(huge, 5 << 20)
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is asked by itself, and nothing but a yes to it lets the mail out', async () => {
    const who = person('mail')
    expect(await askMail({}, who)).toBe(true)
    expect(who.asked).toHaveLength(1)
    expect(await askMail({ showMail: true }, person('adult'))).toBe(false)
    expect(await askMail({}, undefined)).toBe(false)
    expect(await askMail({ yes: true }, who)).toBe(false)
    expect(await askMail({ yes: true, showMail: true }, undefined)).toBe(true)
  })

  it('comes after what testers see of it, and what it counts', () => {
    const terms = poolTerms.parse({ mailSenders: [{ source: 'spotify', domain: 'tunes.example' }], attestedPpm: 800_000 })
    const text = mailText({ bytes: new Uint8Array(), account: { domain: 'tunes.example', address: 'jane@mail.example' } }, terms, 3)
    for (const word of [
      'sent to jane@mail.example',
      'read all of it',
      'never to a trainer',
      'no proof',
      '80 %',
      '10 %',
      'asks the DNS for the key',
    ])
      expect(text).toContain(word)
    // who may work the address out of the public token
    for (const word of [
      '68 guesses a day',
      'validators about 1024',
      'Any 3 of its keyholders together',
      'its operator if it kept the secret',
    ])
      expect(text).toContain(word)
  })

  it.each<[string, string, object, object]>([
    ['the pool takes none', 'NO_MAILS', { mail: 'x.eml' }, {}],
    [
      'the pool has no key to know accounts by',
      'NO_MAILS',
      { mail: 'x.eml' },
      { hasKey: false, mailSenders: [{ source: 'spotify', domain: 'tunes.example' }] },
    ],
    [
      'privacy control is set',
      'GPC',
      { mail: '/nowhere/x.eml', yes: true, showMail: true },
      { gpc: true, mailSenders: [{ source: 'spotify', domain: 'tunes.example' }] },
    ],
    ['--show-mail names none', 'BAD_FLAG', { yes: true, showMail: true }, {}],
    ['it is far too large', 'MAIL_TOO_LARGE', { mail: huge }, { mailSenders: [{ source: 'spotify', domain: 'tunes.example' }] }],
    ['--yes does not name it', 'MAIL_NOT_AGREED', { mail: 'x.eml', yes: true }, {}],
    [
      'there is no such file',
      'FILE_UNREADABLE',
      { mail: '/nowhere/x.eml' },
      { mailSenders: [{ source: 'spotify', domain: 'tunes.example' }] },
    ],
  ])('does not come where %s', async (_, code, flags, { hasKey = true, gpc = false, ...terms }: { hasKey?: boolean; gpc?: boolean }) => {
    const { signal } = new AbortController()
    const facts = { terms: poolTerms.parse(terms), hasKey, source: 'spotify', now: 1, untilReveal: 0, gpc, signal }
    await expect(broughtMail(flags as Flags, facts)).rejects.toMatchObject({ code })
    expect(await broughtMail({}, facts)).toBeUndefined()
  })
})

describe('an answer', () => {
  const ask = (typed: string, options: { signal?: AbortSignal; terminal?: boolean } = {}): Promise<boolean> => {
    const input = new PassThrough()
    input.end(typed)
    return prompterOver(input, new PassThrough(), options).yes('May it be?')
  }

  it.each<[string, boolean]>([
    ['y\n', true],
    ['YES\n', true],
    ['\n', false],
    ['yes please\n', false],
    ['no\n', false],
  ])('%j is %s', async (typed, said) => {
    expect(await ask(typed)).toBe(said)
  })

  it.each<[string, string, object]>([
    ['Ctrl-C', '\u0003', { terminal: true }],
    ['Ctrl-D', '\u0004', { terminal: true }],
    ['the end of the input', '', {}],
    ['a stop', 'y\n', { signal: AbortSignal.abort() }],
  ])('is none after %s', async (_, typed, options) => {
    await expect(ask(typed, options)).rejects.toMatchObject({ code: 'NOT_AGREED' })
  })
})
