/** What a charter's terms for a personal pool could not mean as a whole: its schemas, its bounds, the mails that attest. */
import { isAtOrBelow, isKeyRecord } from '../../schemas/export-mail/index.ts'
import { type Charter, exportMailTermsOf, type PoolTerms, secondsToReveal } from '../../schemas/wire/index.ts'
import { exampleOf } from './examples.ts'
import type { Finding } from './problem.ts'

/** Events of people: no pipeline makes them from pages, so they stand with the pool and not with the web. */
export const POOL_SCHEMA = 'activity@'

export function pools(rules: Charter): Finding[] {
  const { consent, pool, schemas } = rules
  const found = schemas.flatMap((schema, i): Finding[] =>
    schema.startsWith(POOL_SCHEMA)
      ? [
          {
            path: ['schemas', i],
            code: 'POOL_SCHEMA_IN_SCHEMAS',
            message: `${schema} is brought by people and not crawled`,
            fix: `take it out of schemas; the personal pool takes it by \`pool: { schemas: [${schema}] }\``,
          },
        ]
      : [],
  )
  if (pool === undefined) return found
  if (consent === null)
    found.push({
      path: ['pool'],
      code: 'POOL_WITHOUT_CONSENT',
      message: 'the charter has terms for a personal pool, and no policy that people could agree to',
      fix: 'set `consent` to the CID of a signed consent policy, or take `pool` away',
    })
  if (pool.minTokens > pool.maxTokens)
    found.push({
      path: ['pool', 'minTokens'],
      code: 'NOTHING_COUNTS',
      message: `chunks below ${pool.minTokens} tokens count nothing and tokens above ${pool.maxTokens} do not count`,
      fix: `write \`minTokens: ${pool.maxTokens}\` or less`,
    })
  const bare = pool.schemas.findIndex((schema) => !pool.measures.some((measures) => schemaOf(measures) === schema))
  if (bare >= 0)
    found.push({
      path: ['pool', 'schemas', bare],
      code: 'SCHEMA_WITHOUT_MEASURES',
      message: `no measures are for ${pool.schemas[bare]}, so no such contribution could be accepted`,
      fix: `add \`${pool.schemas[bare]}/1\` to pool.measures, or remove the schema`,
    })
  return [...found, ...mails({ ...rules, pool })]
}

function mails({ pool, epoch }: Charter & { pool: PoolTerms }): Finding[] {
  const { mailSenders, mailKeys = [], mailMaxAgeDays, attestedPpm, unattestedPpm } = pool
  const terms = { attestedPpm, mailMaxAgeDays, mailKeys: pool.mailKeys }
  const stray = Object.entries(terms).find(([, value]) => value !== undefined)?.[0]
  if (mailSenders === undefined)
    return stray === undefined
      ? []
      : [
          {
            path: ['pool', stray],
            code: 'MAILS_WITHOUT_SENDERS',
            message: `${stray} is about mails, and nobody's mails attest anything here`,
            fix: `write \`mailSenders: ${exampleOf(['pool', 'mailSenders'])}\` too, or take ${stray} away`,
          },
        ]
  const found: Finding[] = mailSenders.flatMap(({ domain, address }, i): Finding[] => {
    if (address === undefined || isAtOrBelow(address.slice(address.indexOf('@') + 1), domain)) return []
    return [
      {
        path: ['pool', 'mailSenders', i, 'address'],
        code: 'SENDER_OUTSIDE_DOMAIN',
        message: `${address} is no address of ${domain}, so none of its mails would count`,
        fix: `write an address at ${domain}, or leave it out`,
      },
    ]
  })
  const needed = Math.ceil(secondsToReveal({ epoch }) / DAY_SECONDS) + 1
  if ((exportMailTermsOf(pool)?.maxAgeDays ?? needed) < needed)
    found.push({
      path: ['pool', 'mailMaxAgeDays'],
      code: 'MAIL_TOO_OLD_WHEN_TESTED',
      message: `with these phases it may take ${needed - 1} days from an offer to its reveal, which leaves a mail no day to be offered in`,
      fix: `write \`mailMaxAgeDays: ${needed}\` or more, or lower \`epoch.gather.maxSeconds\``,
    })
  const badKeys = mailKeys.flatMap(({ name, record }, i): Finding[] => {
    const isSenders = mailSenders.some(({ domain }) => isAtOrBelow(name.split('._domainkey.')[1] ?? '', domain))
    if (isSenders && isKeyRecord(record)) return []
    return [
      {
        path: ['pool', 'mailKeys', i],
        code: 'BAD_MAIL_KEY',
        message: isSenders ? `the record of ${name} is no DKIM key that is taken here` : `${name} is no key of a sender's domain`,
        fix: isSenders
          ? `write what the DNS says of ${name}, RSA of 1024 bits or more, or Ed25519`
          : `write \`name: <selector>._domainkey.${mailSenders[0]?.domain}\``,
      },
    ]
  })
  found.push(...badKeys)
  if (attestedPpm !== undefined && attestedPpm < unattestedPpm)
    found.push({
      path: ['pool', 'attestedPpm'],
      code: 'ATTESTED_COUNTS_LESS',
      message: `what is attested counts ${attestedPpm}, and what is not ${unattestedPpm}`,
      fix: `write \`attestedPpm: ${unattestedPpm}\` or more`,
    })
  return found
}

const DAY_SECONDS = 86_400

export const schemaOf = (pipeline: string): string => pipeline.split('/')[0] ?? ''
