/** Rules that no single field can break alone. */
import ids from 'spdx-license-ids/index.json' with { type: 'json' }
import { AddressGuard, checkUrl, literalAddress } from '../../core/web/index.ts'
import { nearest } from '../../schemas/selectors/index.ts'
import { type Charter, PHASES, PPM } from '../../schemas/wire/index.ts'
import { hostKey } from '../rewards/index.ts'
import { show } from './explain-issue.ts'
import { POOL_SCHEMA, pools, schemaOf } from './pool-checks.ts'
import type { Finding } from './problem.ts'

/** Everything about a well-shaped charter that could not work as a whole. */
export function crossCheck(rules: Charter): Finding[] {
  return [splits, quorums, kinds, phases, privateRanges, seeds, demands, bounds, repeats, license, pools].flatMap((check) => check(rules))
}

function splits({ split }: Charter): Finding[] {
  const sum = split.contributorsPpm + split.validatorsPpm + split.commonsPpm
  if (sum === PPM) return []
  const rest = PPM - split.validatorsPpm - split.commonsPpm
  const fix =
    rest >= 0
      ? `with these validators and commons, contributorsPpm is \`${rest}\``
      : 'lower validatorsPpm and commonsPpm: together they pass 1000000'
  return [{ path: ['split'], code: 'SPLIT_NOT_WHOLE', message: `the parts of split sum to ${sum}, not to ${PPM}`, fix }]
}

function quorums({ validators: v }: Charter): Finding[] {
  const found: Finding[] = []
  const seats = v.listed.length
  if (v.admission === 'open' && seats > 0)
    found.push({
      path: ['validators', 'listed'],
      code: 'LIST_UNUSED',
      message: `${seats} validators are listed, but admission is open`,
      fix: 'write `admission: listed`, or remove the list',
    })
  if (v.admission === 'open' || seats === 0) return found
  if (v.minimum > seats)
    found.push({
      path: ['validators', 'minimum'],
      code: 'MINIMUM_ABOVE_LISTED',
      message: `the first epoch would wait for ${v.minimum} validators, and ${seats} are listed`,
      fix: `write \`minimum: ${seats}\` or less, or list more accounts`,
    })
  if (v.quorum === null) return found
  const majority = Math.trunc(seats / 2) + 1
  if (v.quorum > seats)
    found.push({
      path: ['validators', 'quorum'],
      code: 'QUORUM_ABOVE_LISTED',
      message: `a quorum of ${v.quorum} cannot be reached by ${seats} listed validators`,
      fix: `write a number from ${majority} to ${seats}, or \`null\` for two thirds and one`,
    })
  else if (v.quorum < majority)
    found.push({
      path: ['validators', 'quorum'],
      code: 'QUORUM_TOO_SMALL',
      message: `two quorums of ${v.quorum} among ${seats} validators need not share a member, so they could sign two different logs`,
      fix: `write a number from ${majority} to ${seats}, or \`null\` for two thirds and one`,
    })
  return found
}

function kinds({ schemas, pipelines }: Charter): Finding[] {
  const strays = pipelines.flatMap((pipeline, i): Finding[] =>
    schemas.includes(schemaOf(pipeline))
      ? []
      : [
          {
            path: ['pipelines', i],
            code: 'PIPELINE_WITHOUT_SCHEMA',
            message: `pipeline ${pipeline} makes ${schemaOf(pipeline)}, which schemas does not list`,
            fix: `add \`${schemaOf(pipeline)}\` to schemas, or remove the pipeline`,
          },
        ],
  )
  const bare = schemas.flatMap((schema, i): Finding[] =>
    schema.startsWith(POOL_SCHEMA) || pipelines.some((pipeline) => schemaOf(pipeline) === schema)
      ? []
      : [
          {
            path: ['schemas', i],
            code: 'SCHEMA_WITHOUT_PIPELINE',
            message: `no pipeline makes ${schema}, so no such record could be accepted`,
            fix: `add \`${schema}/1\` to pipelines, or remove the schema`,
          },
        ],
  )
  return [...strays, ...bare]
}

function phases({ epoch }: Charter): Finding[] {
  return PHASES.flatMap((phase): Finding[] => {
    const { minSeconds, maxSeconds } = epoch[phase]
    if (minSeconds <= maxSeconds) return []
    return [
      {
        path: ['epoch', phase],
        code: 'PHASE_NEVER_ENDS',
        message: `${phase} must last ${minSeconds} seconds at least and ${maxSeconds} at most`,
        fix: `write \`maxSeconds: ${minSeconds}\` or more, or a smaller minSeconds`,
      },
    ]
  })
}

function privateRanges({ sources }: Charter): Finding[] {
  return sources.allowPrivate.flatMap((range, i): Finding[] => {
    const wrong = refusalOf(() => new AddressGuard([range]))
    return wrong === undefined
      ? []
      : [
          {
            path: ['sources', 'allowPrivate', i],
            code: 'BAD_ADDRESS_RANGE',
            message: wrong,
            fix: 'write CIDR[:PORT], for example `"127.0.0.0/8:8080"`',
          },
        ]
  })
}

function seeds({ sources }: Charter): Finding[] {
  const ranges = sources.allowPrivate.filter((range) => refusalOf(() => new AddressGuard([range])) === undefined)
  const guard = new AddressGuard(ranges)
  return sources.seeds.flatMap((seed, i): Finding[] => {
    const path = ['sources', 'seeds', i]
    const unfetchable = refusalOf(() => checkUrl(seed))
    if (unfetchable !== undefined)
      return [
        {
          path,
          code: 'SEED_NOT_FETCHABLE',
          message: `${show(seed)}: ${unfetchable}`,
          fix: 'write an http or https URL without a user name',
        },
      ]
    const url = checkUrl(seed)
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
    const address = literalAddress(url.hostname)
    const refused = refusalOf(() => {
      guard.checkPort(port)
      if (address !== undefined) guard.checkAddress(address, port)
      else if (guard.refusesName(url.hostname)) throw new Error(`the name ${url.hostname} means a private network`)
    })
    if (refused !== undefined) {
      const range = address === undefined ? '127.0.0.0/8' : `${address}/${address.includes(':') ? 128 : 32}`
      const fix = `add \`"${range}:${port}"\` to sources.allowPrivate if this network is yours, or remove the seed`
      return [{ path, code: 'SEED_NOT_REACHABLE', message: `no crawler would fetch ${show(seed)}: ${refused}`, fix }]
    }
    if (sources.scope === 'domain' && address !== undefined)
      return [
        {
          path,
          code: 'SEED_WITHOUT_DOMAIN',
          message: `${show(seed)} has no domain to stay in`,
          fix: 'write `scope: host`, or a seed with a name',
        },
      ]
    return []
  })
}

/** A demand rule for a host that the crawl never leaves its seeds for would never count. */
function demands({ demand, sources }: Charter): Finding[] {
  if (sources.scope === 'any' || sources.seeds.length === 0) return []
  const hosts = sources.seeds.flatMap((seed) => URL.parse(seed)?.hostname ?? [])
  const reached = (host: string): boolean =>
    sources.scope === 'host'
      ? hosts.some((seed) => seed === host || seed.endsWith(`.${host}`))
      : hosts.some((seed) => hostKey(seed) === hostKey(host) || seed.endsWith(`.${host}`))
  return demand.rules.flatMap((rule, i): Finding[] =>
    rule.host === null || reached(rule.host)
      ? []
      : [
          {
            path: ['demand', 'rules', i, 'host'],
            code: 'RULE_OUTSIDE_SCOPE',
            message: `no seed lies on ${show(rule.host)} and scope is ${sources.scope}, so this rule would never count`,
            fix: `add a seed on ${show(rule.host)}, widen sources.scope, or remove the rule`,
          },
        ],
  )
}

function bounds({ value, contributors: { quota }, credibility: { basePpm, voidPpm }, quality }: Charter): Finding[] {
  const found: Finding[] = []
  if (value.minTokens > value.maxTokens)
    found.push({
      path: ['value', 'minTokens'],
      code: 'NOTHING_COUNTS',
      message: `records below ${value.minTokens} tokens count nothing and tokens above ${value.maxTokens} do not count`,
      fix: `write \`minTokens: ${value.maxTokens}\` or less`,
    })
  if (value.noveltySpan > value.noveltyFrom)
    found.push({
      path: ['value', 'noveltySpan'],
      code: 'NOVELTY_NEVER_WHOLE',
      message: `even a record like nothing before would count only ${value.noveltyFrom}/${value.noveltySpan}`,
      fix: `write \`noveltySpan: ${value.noveltyFrom}\` or less`,
    })
  if (quota !== null && quota.newcomer > quota.cap)
    found.push({
      path: ['contributors', 'quota', 'newcomer'],
      code: 'NEWCOMER_ABOVE_CAP',
      message: `a newcomer may bring ${quota.newcomer} records and nobody more than ${quota.cap}`,
      fix: `write \`newcomer: ${quota.cap}\` or less`,
    })
  const [still, normal, dynamic] = basePpm
  if (still > normal || normal > dynamic)
    found.push({
      path: ['credibility', 'basePpm'],
      code: 'BASES_NOT_ASCENDING',
      message: 'hosts of static, normal and dynamic pages differ more and more between two honest fetches, in this order',
      fix: `write \`basePpm: [${[...basePpm].toSorted((a, b) => a - b).join(', ')}]\``,
    })
  else if (dynamic >= voidPpm)
    found.push({
      path: ['credibility', 'voidPpm'],
      code: 'HONEST_EPOCHS_VOID',
      message: `honest pages of dynamic hosts fail ${dynamic} ppm, and an epoch is void at ${voidPpm}`,
      fix: `write \`voidPpm: ${Math.min(PPM, dynamic * 3)}\` or another number above ${dynamic}`,
    })
  const weights = Object.values(quality)
  if (weights.length > 0 && weights.every((weight) => weight === 0))
    found.push({
      path: ['quality'],
      code: 'NO_WEIGHT',
      message: 'every weight of quality is 0, so every record would be worth nothing',
      fix: 'give one rule a weight above 0, or remove the section for equal weights',
    })
  return found
}

function repeats(rules: Charter): Finding[] {
  const lists: [string[], readonly string[]][] = [
    [['purposes'], rules.purposes],
    [['schemas'], rules.schemas],
    [['pipelines'], rules.pipelines],
    [['sources', 'seeds'], rules.sources.seeds],
    [['sources', 'allowPrivate'], rules.sources.allowPrivate],
    [['validators', 'listed'], rules.validators.listed],
    [['release', 'languages'], rules.release.languages],
  ]
  return lists.flatMap(([path, list]) =>
    list.flatMap((item, i): Finding[] =>
      list.indexOf(item) === i
        ? []
        : [{ path: [...path, i], code: 'REPEATED', message: `${show(item)} stands in the list twice`, fix: 'remove one of them' }],
    ),
  )
}

/** SPDX, because Croissant and the dataset card name licences by it. */
function license({ release: { license: name } }: Charter): Finding[] {
  if (name === 'other' || ids.includes(name) || /^LicenseRef-[A-Za-z0-9.-]+$/.test(name)) return []
  const near = nearest(name, ids)
  return [
    {
      path: ['release', 'license'],
      code: 'UNKNOWN_LICENSE',
      message: `${show(name)} is no SPDX licence identifier`,
      fix: `${near === undefined ? '' : `did you mean \`${near}\`? Else `}write an SPDX identifier such as \`CC-BY-4.0\`, \`LicenseRef-NAME\`, or \`other\``,
    },
  ]
}

/** Why `attempt` fails, or undefined. */
function refusalOf(attempt: () => unknown): string | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
