/** An owner's word on releases: asked once for each, and nothing that is left open is a yes. */
import { expect, it } from 'vitest'
import type { OwnerAsked } from '../node/pool/offering/index.ts'
import { utf8 } from '../schemas/wire/index.ts'
import { answerFacts, wordOf } from './commands/pool-serve.ts'
import type { Prompter } from './program/index.ts'

const never = (signal?: AbortSignal): Promise<void> =>
  new Promise((_, reject) => {
    signal?.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
  })
const asked = (role: string, order?: string): OwnerAsked =>
  ({
    request: { role },
    order:
      order === undefined
        ? null
        : { value: { name: order, trainer: 'did:key:zTrainer', purposes: ['ai:ModelTraining'] }, bytes: utf8(order) },
  }) as unknown as OwnerAsked
const { signal } = new AbortController()
const wording = (changes: { releases?: boolean; prompter?: Prompter; sleep?: (signal?: AbortSignal) => Promise<void> } = {}) =>
  wordOf({
    releases: true,
    prompter: changes.prompter,
    signal,
    clock: { sleep: (_, given) => (changes.sleep ?? never)(given) },
    ...changes,
  })

it('counts the mail beside the chunks', () => {
  const request = {
    at: 1,
    by: 'did:key:zScorer',
    role: 'scorer',
    purpose: 'dpv:DataQualityAssessment',
    epoch: 1,
    indices: [0, 1, 8],
    manifest: 'm',
  }
  const of = (mail: boolean) => answerFacts({ request, order: null, mail } as unknown as OwnerAsked, 'ok')
  expect([of(true), of(false)]).toMatchObject([
    { chunks: 2, mail: true },
    { chunks: 3, mail: false },
  ])
})

it('goes by the consent where nobody is asked, and lets no release have it where none may', async () => {
  expect(await wording()(asked('assembler', 'a'))).toBe('yes')
  const none = wording({ releases: false })
  expect([await none(asked('assembler', 'a')), await none(asked('scorer')), await none(asked('scorer', 'a'))]).toEqual(['no', 'yes', 'yes'])
})

it('is asked once for each order, by its name, trainer and purposes', async () => {
  const questions: string[] = []
  const prompter = {
    yes: async (question: string) => {
      questions.push(question)
      return question.includes('release b')
    },
  }
  const word = wording({ prompter })
  const words = await Promise.all(['a', 'b', 'a'].map((name) => word(asked('assembler', name))))
  expect(words).toEqual(['no', 'yes', 'no'])
  expect(questions).toEqual(['a', 'b'].map((name) => `May did:key:zTrainer have your data in the release ${name}, for ai:ModelTraining?`))
})

it('is no yes where somebody leaves, or says nothing in time; a later answer to the same order counts', async () => {
  expect(await wording({ prompter: { yes: () => Promise.reject(new Error('left')) } })(asked('assembler', 'a'))).toBe('no')
  let answer: (word: boolean) => void = () => undefined
  const prompter = {
    yes: () =>
      new Promise<boolean>((resolve) => {
        answer = resolve
      }),
  }
  let patient = false
  const word = wording({ prompter, sleep: (given) => (patient ? never(given) : Promise.resolve()) })
  expect(await word(asked('assembler', 'a'))).toBe('unanswered')
  answer(true)
  patient = true
  expect(await word(asked('assembler', 'a'))).toBe('yes')
})
