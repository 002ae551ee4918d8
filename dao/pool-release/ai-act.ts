/** The part of the summary of training content (Regulation (EU) 2024/1689, Article 53(1)(d)) that a personal pool answers for; `dao/release` writes that of the web. */
import { rawCid, type CID, type ConsentPolicy, type PoolStatistics, type Purpose, utf8 } from '../../schemas/wire/index.ts'

export interface AiActFacts {
  title: string
  dao: string
  name: string
  contact: string
  policy: ConsentPolicy
  purposes: readonly Purpose[]
  /** Months of the first and the last event. */
  from: string
  to: string
  /** Of the whole pool, where it was counted. */
  statistics: PoolStatistics | null
  /** Of those in the release, where they were. */
  counts?: PoolStatistics | undefined
  /** No more tokens than these are in it, by what the log says in public. */
  tokensAtMost: number
  redaction: string
  k: number
  canaries: number
  /** Unix seconds. */
  at: number
}

/** The ranges of the template, which asks for no more than these. */
const TEXT_RANGES: readonly [below: number, words: string][] = [
  [1e9, 'less than 1 billion tokens'],
  [1e13, '1 billion to 10 trillion tokens'],
  [Infinity, 'more than 10 trillion tokens'],
]

/** The range that a number of tokens is in. */
const textRange = (tokens: number): string | undefined => TEXT_RANGES.find(([below]) => tokens < below)?.[1]

/**
 * Size is a range, and that of the most that may be in it: the public indexes of everything that has vested in the pool, which whoever has the log adds
 * up alike. So it tells nothing of who is in the release that the log does not tell, and where it is the lowest range it is that of the release too.
 */
export function describePoolAiAct(facts: AiActFacts): { bytes: Uint8Array; cid: CID } {
  const { policy, counts } = facts
  const statistics = counts ?? facts.statistics
  const ofPeople = statistics?.groups.find(({ name }) => name === 'people')
  const list = (group: string) => {
    const found = statistics?.groups.find(({ name }) => name === group)
    return (found?.bins ?? []).flatMap((bin, i) => (found?.counts[i] == null ? [] : [{ [group]: bin, people: found.counts[i] }]))
  }
  const summary = {
    template: 'Regulation (EU) 2024/1689, Article 53(1)(d): public summary of the content used for training',
    dataset: {
      name: facts.title || facts.name,
      ledger: facts.dao,
      release: facts.name,
      date: new Date(facts.at * 1000).toISOString().slice(0, 10),
    },
    general: {
      modality: 'text and structured events',
      size: {
        text: textRange(facts.tokensAtMost),
        by: 'all contributions to the pool that could be in this release, by their public indexes; the release has no more',
      },
      languages: list('languages'),
      latestAcquisition: facts.to,
    },
    sources: {
      publicDatasets: [],
      licensedOrPrivateData: [],
      scraped: null,
      userData: [
        {
          description: 'exports of online services that people gave to a personal pool under explicit consent',
          people: ofPeople === undefined ? 'not counted in public' : (ofPeople.counts[0] ?? `fewer than ${statistics?.minPeople}`),
          counting:
            statistics === null
              ? null
              : {
                  of: counts === undefined ? 'everybody in the pool when it was last counted' : 'everybody in this release',
                  mechanism: statistics.mechanism,
                  epsilonPpm: statistics.epsilonPpm,
                  noises: statistics.noises,
                },
          services: list('sources'),
          period: { from: facts.from, to: facts.to },
          purposes: facts.purposes,
          lawfulBasis: policy.lawfulBasis,
          categories: policy.dataCategories,
          specialCategories: policy.special,
          controller: policy.controller.name,
          contact: facts.contact,
          withdrawal: policy.withdrawal.effect,
          trainedModels: policy.trainedModels,
        },
      ],
      synthetic: facts.canaries === 0 ? [] : [{ description: 'made-up rows that show from whom a copy came', rows: facts.canaries }],
    },
    processing: {
      pseudonymisation: `on the device of each person (${facts.redaction}); pseudonymised, not anonymous`,
      kAnonymity: { k: facts.k, columns: ['time', 'place', 'source', 'lang'] },
      removal:
        'a withdrawal is an entry of the public ledger; later releases leave the data out, and the licence has the trainer delete it',
    },
  }
  const bytes = utf8(`${JSON.stringify(summary, null, 2)}\n`)
  return { bytes, cid: rawCid(bytes) }
}
