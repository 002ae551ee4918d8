import {
  type Charter,
  type ExportMailTerms,
  exportMailTermsOf,
  PHASES,
  type PoolTerms,
  poolTermsOf,
  PPM,
  quorumOf,
  schemaIdOf,
} from '../../schemas/wire/index.ts'
import { encodeCharter } from './encode.ts'
import { isLocalRules } from './local-rules.ts'

/** The charter in words, a line per topic: what `quern charter check` and `dao` print. */
export function describeCharter(rules: Charter): string {
  const { sources, validators, contributors, split, testing, release } = rules
  const seats = validators.listed.length
  const lines: [string, string][] = [
    ['charter', `${rules.name} version ${rules.version}${isLocalRules(rules) ? ' (local rules)' : ''}`],
    ['cid', encodeCharter(rules).cid.toString()],
    ['operator', rules.operator],
    ['contact', rules.contact],
    ['purposes', rules.purposes.join('; ')],
    ['gathers', `${rules.schemas.join(', ')} by ${rules.pipelines.join(', ')}`],
    [
      'from',
      `${count(sources.seeds.length, 'seed')}, scope ${sources.scope}, ${sources.delayMs} ms between requests, ${sources.profile} profile`,
    ],
    [
      'validators',
      `${validators.admission === 'open' ? 'any that asks' : `${seats} listed`}, ${quorumWords(rules)}, ${validators.minimum} to begin`,
    ],
    [
      'contributors',
      `${contributors.minimum} to begin, ${contributors.quota ? `${contributors.quota.newcomer} to ${contributors.quota.cap} records per epoch` : 'no quota'}`,
    ],
    ['epoch', epochWords(rules)],
    ['tests', `${testing.draws} draws by each of up to ${testing.committee} validators`],
    ['receipts', `after ${count(rules.replicas, 'peer')} hold a batch`],
    ['vesting', rules.vestingEpochs === 0 ? 'at once' : `after ${count(rules.vestingEpochs, 'epoch')}`],
    [
      'revenue',
      `${percent(split.contributorsPpm)} contributors, ${percent(split.validatorsPpm)} validators, ${percent(split.commonsPpm)} commons`,
    ],
    [
      'releases',
      `licence ${release.license}, ${release.languages.length === 0 ? 'all languages' : release.languages.join(', ')}, ${rules.price ? `${rules.price.amount} ${rules.price.asset}` : 'free'}`,
    ],
  ]
  if (rules.consent !== null) lines.push(['pool', poolWords(rules)])
  const own = rules.selectors.map((schema) => `${schemaIdOf(schema)} with ${count(schema.fields.length, 'field')}`)
  if (own.length > 0) lines.splice(6, 0, ['selectors', own.join(', ')])
  if (sources.allowPrivate.length > 0) lines.splice(own.length > 0 ? 8 : 7, 0, ['private', `may crawl ${sources.allowPrivate.join(', ')}`])
  const width = Math.max(...lines.map(([topic]) => topic.length))
  return lines.map(([topic, words]) => `${topic.padEnd(width)}  ${words}`).join('\n')
}

function poolWords(rules: Charter): string {
  const terms = poolTermsOf(rules)
  return `${terms.schemas.join(', ')} under the consent policy ${rules.consent?.toString()}, ${percent(terms.unattestedPpm)} for what nothing attests${mailWords(terms)}`
}

function mailWords(terms: PoolTerms): string {
  const mails = exportMailTermsOf(terms)
  if (mails === undefined) return ''
  const { attestedPpm, senders, maxAgeDays, keys } = mails
  const from = senders.map(senderWords).join(', ')
  const pinned = keys.length === 0 ? '' : `, ${count(keys.length, 'key')} pinned`
  return `, ${percent(attestedPpm)} where the service's mail does (${from}; at most ${count(maxAgeDays, 'day')} old${pinned})`
}

function senderWords({ source, domain, address = domain, subjects }: ExportMailTerms['senders'][number]): string {
  if (subjects.length === 0) return `${source} by any message of ${address}`
  return `${source} by ${address} with ${subjects.map((one) => JSON.stringify(one)).join(' or ')}`
}

function quorumWords(rules: Charter): string {
  const { admission, listed, quorum } = rules.validators
  if (quorum !== null) return `quorum ${quorum}`
  return admission === 'open' || listed.length === 0 ? 'quorum two thirds and one' : `quorum ${quorumOf(rules, listed.length)}`
}

function epochWords({ epoch }: Charter): string {
  const least = PHASES.reduce((sum, phase) => sum + epoch[phase].minSeconds, 0)
  const most = PHASES.reduce((sum, phase) => sum + epoch[phase].maxSeconds, 0)
  return least === most
    ? duration(least)
    : `${least === 0 ? 'as short as its work' : duration(least)} to ${duration(most)}, gathering up to ${duration(epoch.gather.maxSeconds)}`
}

function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${tenth(seconds, 60)} min`
  return `${tenth(seconds, 3600)} h`
}

function percent(ppm: number): string {
  return `${tenth(ppm * 100, PPM)} %`
}

/** a / b to one decimal, for people only. */
const tenth = (a: number, b: number): string => String(Math.round((a * 10) / b) / 10)
const count = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`
