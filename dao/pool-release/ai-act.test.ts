import { describe, expect, it } from 'vitest'
import { poolPolicy } from '../../tests/support/pool-world.ts'
import { SeededBytes } from '../../tests/support/byte-source.ts'
import { type AiActFacts, describePoolAiAct } from './ai-act.ts'
import { PeopleCounts } from './people-counts.ts'

const FACTS: AiActFacts = {
  title: 'Upper Mill',
  dao: 'did:key:z6Mk',
  name: 'pool-1',
  contact: 'mailto:miller@mill.example',
  policy: poolPolicy().policy,
  purposes: ['ai:ModelTraining'],
  from: '2018-01',
  to: '2027-01',
  statistics: null,
  tokensAtMost: 0,
  redaction: 'activity@1/1',
  k: 5,
  canaries: 0,
  at: 1_800_000_000,
}

interface Summary {
  general: { size: { text: string } }
  sources: { userData: { people: number | string }[] }
}
const summaryOf = (changes: Partial<AiActFacts>): Summary =>
  JSON.parse(Buffer.from(describePoolAiAct({ ...FACTS, ...changes }).bytes).toString()) as Summary

describe('a summary of training content', () => {
  it('has the range that its tokens are in', () => {
    const ranges = [0, 999_999_999, 1e9, 1e13 - 1, 1e13].map((tokensAtMost) => summaryOf({ tokensAtMost }).general.size.text)
    const [low, middle, high] = ['less than 1 billion tokens', '1 billion to 10 trillion tokens', 'more than 10 trillion tokens']
    expect(ranges).toEqual([low, low, middle, middle, high])
  })

  it('says that people are few only where they were counted', () => {
    const counted = (group: string) =>
      new PeopleCounts({ groups: [group], epsilonPpm: 90_000_000, minPeople: 20 }).published(new SeededBytes('x'))
    const people = (changes: Partial<AiActFacts>) => summaryOf(changes).sources.userData[0]?.people
    expect(people({})).toBe('not counted in public')
    expect(people({ counts: counted('people') })).toBe('fewer than 20')
    for (const changes of [{ counts: counted('years') }, { statistics: counted('years') }])
      expect(people(changes)).toBe('not counted in public')
  })
})
