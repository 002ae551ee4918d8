/** Consent asked of a person: nothing is ticked beforehand, silence is no, and leaving is no as well. */
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { poolPolicy } from '../tests/support/pool-world.ts'
import { askConsent } from './commands/pool-consent.ts'
import { type Prompter, prompterOver } from './program/index.ts'

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
