/**
 * The DAO's rules as one object. People write it as YAML (`dao/charter` reads that and says what is wrong where);
 * on the wire it is DAG-CBOR, and the genesis entry, signed by the operator, names its CID.
 * Every constant of the incentive mechanism is a field here with the reference value as default.
 */
import { z } from 'zod'
import { did } from './account.ts'
import { type CID, cid, PPM, ppm, sha256, uint, utf8 } from './bytes.ts'
import { POOL_BANDS, POOL_SOURCES } from './consent.ts'
import { selectorSchema } from './selectors.ts'
import { pipelineId, schemaId } from './signed.ts'
import { base32 } from 'multiformats/bases/base32'

const YEAR_SECONDS = 31_536_000
const text = (max: number) => z.string().max(max)
const phaseLimits = (minEntries: number, minSeconds: number, maxSeconds: number) =>
  z
    .strictObject({
      /** Whichever comes first lets the sequencer end the phase: this many entries, or this many seconds by median cosignature time. */
      minEntries: uint.max(1_000_000_000).default(minEntries),
      minSeconds: uint.max(YEAR_SECONDS).default(minSeconds),
      /** When the operator's service ends it at the latest. */
      maxSeconds: uint.max(YEAR_SECONDS).default(maxSeconds),
    })
    .prefault({})

/** A name of the DNS in lower-case ASCII; of at most 253 characters. */
export const DNS_NAME = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/
/** A domain, as senders and keys of mails are named: not a top one, below which is everybody. */
const domain = z.string().max(253).regex(DNS_NAME, 'a domain in lower case').includes('.', 'a domain with a dot in it')

/** Who says of which service's exports that they are ready: the domain, and those below it, that sends and signs. */
export const mailSender = z.strictObject({
  source: z.enum(POOL_SOURCES),
  domain,
  /** The one address that it writes from, where others of its domain write what strangers put in: help desks, invitations. */
  address: z
    .string()
    .max(254)
    .regex(/^[a-z0-9!#$%&'*+\-./=?^_`{|}~]{1,64}@[a-z0-9.-]+$/, 'an address in lower case')
    .optional(),
  /** Whole subjects, one of which it has, in any case; none: any message of the service counts, a newsletter too. */
  subjects: z.array(text(128).min(1)).max(64).default([]),
})
/** A key that everybody takes in the place of what the DNS says, since services change theirs: its DNS name, and the text of its TXT record. */
export const mailKey = z.strictObject({ name: domain, record: text(2048).min(1) })

/** How contributions to the personal pool count, and what releases and statistics of them keep to. */
export const poolTerms = z.strictObject({
  /** Kinds of events, and versions of the measures that a contribution's index may be made with. */
  schemas: z.array(schemaId).min(1).max(16).default(['activity@1']),
  measures: z.array(pipelineId).min(1).max(16).default(['activity@1/2', 'activity@1/1']),
  /** T of a chunk = 1000 * min(tokens, maxTokens); nothing below minTokens. */
  minTokens: uint.max(1 << 20).default(1),
  maxTokens: z
    .int()
    .min(1)
    .max(1 << 20)
    .default(16_384),
  /** What a word counts that nothing attests. */
  unattestedPpm: ppm.default(100_000),
  /**
   * Whose mails attest an export; left out, as the three that follow may be, nothing does, and terms without them keep the bytes they had:
   * `exportMailTermsOf` has what holds then.
   */
  mailSenders: z.array(mailSender).min(1).max(64).optional(),
  /** What a word counts whose contribution a mail attests. */
  attestedPpm: ppm.optional(),
  /** From the date of the mail to the reveal of what it attests: less than three days leave nobody the time to offer. */
  mailMaxAgeDays: z.int().min(3).max(3650).optional(),
  mailKeys: z.array(mailKey).min(1).max(64).optional(),
  /** Equal bands, of 16, with an earlier contribution at which nothing is new. */
  duplicateBands: z.int().min(1).max(POOL_BANDS).default(4),
  /** What a contribution without tokens keeps: nobody can say whether it was here before. */
  withoutTokensPpm: ppm.default(500_000),
  /** Weight of chunks by the service they come from; whole where it is not named. */
  sources: z.record(text(40), uint.max(4 * PPM)).default({}),
  /** People that any released combination of time, place, source and language is shared by. */
  kAnonymity: z.int().min(2).max(1000).default(5),
  /** ε that statistics may cost in a calendar year, in millionths. */
  epsilonPpmPerYear: uint.max(100_000_000).default(4_000_000),
  /** Fewer people than these are not counted in public. */
  minPeople: z.int().min(2).max(1_000_000).default(20),
  /** Days within which a trainer deletes what was withdrawn. */
  deleteWithinDays: z.int().min(1).max(365).default(14),
})
export type PoolTerms = z.infer<typeof poolTerms>

export const charter = z.strictObject({
  v: z.literal(1),
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and dashes, at most 63'),
  title: text(128).default(''),
  description: text(4096).default(''),
  version: z.int().min(1).max(1_000_000).default(1),
  /** The account that signs genesis, roster, charter and epoch entries. */
  operator: did,
  /** Where a site owner reaches a person; goes into every User-Agent. */
  contact: z
    .string()
    .regex(/^(https?:\/\/|mailto:)\S{3,}$/, 'an http(s) URL or a mailto: address')
    .max(256),
  purposes: z.array(text(256)).min(1).max(32),
  /** Any hex; makes two DAOs of the same rules two ledgers. */
  nonce: z
    .string()
    .regex(/^[0-9a-f]{0,64}$/)
    .default(''),
  schemas: z.array(schemaId).min(1).max(64).default(['web-page@1']),
  pipelines: z.array(pipelineId).min(1).max(64).default(['web-page@1/1']),
  /** Schemas of the DAO's own, made by selectors. */
  selectors: z.array(selectorSchema).max(16).default([]),
  sources: z
    .strictObject({
      seeds: z
        .array(z.url({ protocol: /^https?$/ }).max(2048))
        .max(4096)
        .default([]),
      scope: z.enum(['host', 'domain', 'any']).default('host'),
      maxPagesPerContributor: uint.max(100_000_000).default(4096),
      /** Of one host, in an epoch, by one contributor; left out, no more than the others together, and so a charter without it keeps the bytes it had. */
      maxPagesPerHost: z.int().min(1).max(100_000_000).optional(),
      maxDepth: uint.max(1000).default(16),
      delayMs: uint.max(600_000).default(1000),
      /** CIDR[:PORT] that the address guard lets through; empty on the open web. */
      allowPrivate: z.array(text(64)).max(64).default([]),
      /** What an absent training statement means: strict drops, standard keeps. */
      profile: z.enum(['strict', 'standard']).default('standard'),
    })
    .prefault({}),
  demand: z
    .strictObject({
      defaultPpm: uint.max(4 * PPM).default(PPM),
      rules: z
        .array(
          z.strictObject({ language: text(8).nullable().default(null), host: text(253).nullable().default(null), ppm: uint.max(4 * PPM) }),
        )
        .max(1024)
        .default([]),
    })
    .prefault({}),
  validators: z
    .strictObject({
      /** listed: the operator seats these accounts only. open: any that asks, for local networks (validators are not Sybil-safe without vouching). */
      admission: z.enum(['listed', 'open']).default('listed'),
      listed: z.array(did).max(1024).default([]),
      /** full: no shared operator, ASN or /24 within a committee. none: local rules. */
      independence: z.enum(['full', 'none']).default('full'),
      /** The first epoch opens when this many are seated. */
      minimum: uint.max(1024).default(4),
      /** Cosignatures and attestations that make a checkpoint or a close final; null: floor(2n/3)+1. */
      quorum: z.int().min(1).max(1024).nullable().default(null),
    })
    .prefault({}),
  contributors: z
    .strictObject({
      minimum: uint.max(65_536).default(1),
      /** Records per epoch: newcomer, cap; null: no quota. Doubles per epoch with m >= 900,000. */
      quota: z
        .strictObject({ newcomer: z.int().min(1).max(100_000_000).default(1000), cap: z.int().min(1).max(100_000_000).default(20_000) })
        .nullable()
        .prefault({}),
    })
    .prefault({}),
  epoch: z
    .strictObject({
      gather: phaseLimits(1_000_000, 72_000, 72_000),
      reveal: phaseLimits(1_000_000, 600, 1800),
      beacon: phaseLimits(1_000_000, 300, 900),
      test: phaseLimits(1_000_000, 3600, 10_800),
      report: phaseLimits(1_000_000, 600, 1800),
      probe: phaseLimits(1_000_000, 60, 600),
      close: phaseLimits(1_000_000, 60, 1800),
      leases: z.enum(['hash', 'none']).default('hash'),
    })
    .prefault({}),
  /** Peers that hold and pin a batch before its receipt is given. */
  replicas: z.int().min(1).max(16).default(2),
  vestingEpochs: uint.max(64).default(4),
  split: z
    .strictObject({ contributorsPpm: ppm.default(850_000), validatorsPpm: ppm.default(100_000), commonsPpm: ppm.default(50_000) })
    .prefault({}),
  value: z
    .strictObject({
      /** T = 1000 * min(tokens, maxTokens); nothing below minTokens. */
      maxTokens: z
        .int()
        .min(1)
        .max(1 << 20)
        .default(4096),
      minTokens: uint.max(1 << 20).default(50),
      /** U = clamp((noveltyFrom - m) * PPM / noveltySpan, 0, PPM). */
      noveltyFrom: uint.max(128).default(90),
      noveltySpan: z.int().min(1).max(128).default(52),
      /** F falls in a line to one half at this age, then to nothing. */
      freshnessHours: z.int().min(1).max(876_000).default(720),
      /** H: hosts below these bounds count hostNewPpm. */
      hostContributors: uint.max(16).default(3),
      hostEpochs: uint.max(1024).default(4),
      hostNewPpm: ppm.default(100_000),
      offLeasePpm: ppm.default(400_000),
      /** A_h = max(hostRecords mean-mass records, 2 * EMA(1/8)). */
      hostRecords: z.int().min(1).max(1_000_000_000).default(50),
    })
    .prefault({}),
  /** Weights in ppm of the rules whose values make up `quality`; the names are those of `schemas/measures`. Empty: equal weights. */
  quality: z.record(text(64), ppm).default({}),
  testing: z
    .strictObject({
      committee: z.int().min(1).max(1024).default(21),
      draws: z.int().min(1).max(1024).default(40),
      /** Of 128 MinHash lanes: T1 matches at or above. */
      sameLanes: uint.max(128).default(64),
      containmentPpm: ppm.default(700_000),
      sentencePpm: ppm.default(600_000),
      evidenceOfPassesPpm: ppm.default(50_000),
      /** Share of assigned validators whose reports must be in, else the epoch is deferred. */
      quorumPpm: ppm.default(600_000),
    })
    .prefault({}),
  credibility: z
    .strictObject({
      startPpm: ppm.default(PPM),
      deadZonePpm: ppm.default(10_000),
      sigmaNum: uint.max(1000).default(8),
      sigmaDen: z.int().min(1).max(1000).default(10),
      slope: uint.max(1000).default(10),
      recoverPpm: ppm.default(125_000),
      voidPpm: ppm.default(300_000),
      vestOkPpm: ppm.default(800_000),
      minSamples: uint.max(1_000_000).default(20),
      hostCapPpm: ppm.default(10_000),
      /** Expected fail rate of honest pages by host class: static, normal, dynamic. */
      basePpm: z.tuple([ppm, ppm, ppm]).default([10_000, 30_000, 100_000]),
    })
    .prefault({}),
  validatorRules: z
    .strictObject({
      strikeMinPpm: ppm.default(200_000),
      strikeSigmas: uint.max(1000).default(6),
      /** 0: nobody is suspended. */
      strikes: uint.max(1000).default(3),
      escalatePpm: ppm.default(200_000),
    })
    .prefault({}),
  release: z
    .strictObject({
      minQualityPpm: ppm.default(0),
      languages: z.array(text(8)).max(256).default([]),
      /** Share of a release's tokens that one host or contributor may hold; PPM: no cap. */
      hostCapPpm: ppm.default(1_000),
      contributorCapPpm: ppm.default(20_000),
      rowGroup: z.int().min(1).max(1_000_000).default(5000),
      shardBytes: z
        .int()
        .min(1)
        .max(1 << 30)
        .default(268_435_456),
      license: text(64).default('other'),
    })
    .prefault({}),
  price: z
    .strictObject({ asset: text(128), amount: z.string().regex(/^\d{1,40}$/) })
    .nullable()
    .default(null),
  /** The consent policy of personal pools; null where the DAO has none. */
  consent: cid.nullable().default(null),
  /** Terms of that pool; left out, the defaults, and so a charter without a pool keeps the bytes it had. */
  pool: poolTerms.optional(),
})
export type Charter = z.infer<typeof charter>
/** What a person must write; everything else has a default. */
export type CharterInput = z.input<typeof charter>
export const MAX_CHARTER_BYTES = 256 << 10

const DEFAULT_POOL = poolTerms.parse({})
/** The terms of the personal pool, which count where `consent` names a policy. */
export const poolTermsOf = (rules: Pick<Charter, 'pool'>): PoolTerms => rules.pool ?? DEFAULT_POOL

/** What mails are held to, and what they are worth. */
export interface ExportMailTerms {
  attestedPpm: number
  maxAgeDays: number
  senders: readonly z.infer<typeof mailSender>[]
  keys: readonly z.infer<typeof mailKey>[]
}

/** Undefined where the pool takes no mails. */
export function exportMailTermsOf({ mailSenders, attestedPpm, mailMaxAgeDays, mailKeys }: PoolTerms): ExportMailTerms | undefined {
  if (mailSenders === undefined) return undefined
  return { attestedPpm: attestedPpm ?? PPM, maxAgeDays: mailMaxAgeDays ?? 90, senders: mailSenders, keys: mailKeys ?? [] }
}

/** The longest time from an offer to its reveal, where it misses this epoch's gathering and waits for the end of the next one's. */
export const secondsToReveal = ({ epoch }: Pick<Charter, 'epoch'>): number =>
  Object.values(epoch).reduce((sum, phase) => sum + (typeof phase === 'string' ? 0 : phase.maxSeconds), epoch.gather.maxSeconds)

/** Names the ledger for ever: `quern/` and 20 bytes of SHA-256("quern/ledger-id/v1\0" ‖ genesis charter CID), base32. */
export function ledgerIdOf(genesisCharter: CID): string {
  return `quern/${base32.baseEncode(sha256(utf8('quern/ledger-id/v1\0'), genesisCharter.bytes).slice(0, 20))}`
}

/** Cosignatures, or attestations, that make n validators' word final: floor(2n/3)+1 unless the charter says otherwise. */
export function quorumOf(rules: Charter, validators: number): number {
  return rules.validators.quorum ?? (validators === 0 ? 0 : Math.floor((2 * validators) / 3) + 1)
}
