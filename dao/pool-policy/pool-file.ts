/** The file in which an operator says what a pool is for: YAML to write, and everything in it ends up in the notice that people read. */
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { InvalidInputError } from '../../core/errors/index.ts'
import { consentPolicy, did, EVENT_FIELDS, EVENT_TYPES, eventRules } from '../../schemas/wire/index.ts'

const MAX_FILE_BYTES = 128 << 10
const said = consentPolicy.shape

const { time, placeDecimals, types, fields } = eventRules.shape

/** What is left unsaid is as fine as an event ever is. */
const rules = z.strictObject({
  time: time.default('hour'),
  placeDecimals: placeDecimals.default(2),
  types: types.default([...EVENT_TYPES]),
  fields: fields.default([...EVENT_FIELDS]),
})

const poolFile = z.strictObject({
  controller: z.strictObject({
    ...said.controller.shape,
    representative: said.controller.shape.representative.default(null),
    dpo: said.controller.shape.dpo.default(null),
  }),
  purposes: said.purposes,
  dataCategories: said.dataCategories,
  special: said.special.default([]),
  rules: rules.prefault({}),
  processing: said.processing.default(['dpv:Collect', 'dpv:Store', 'dpv:Analyse', 'dpv:Pseudonymise', 'dpv:Share', 'dpv:Erase']),
  /** Accounts that releases may go to. */
  trainers: z.array(did).max(64).default([]),
  retention: said.retention.default({ maxDays: 365, shredWithinHours: 24 }),
  storage: said.storage,
  publicStorage: said.publicStorage.default(false),
  jurisdiction: said.jurisdiction,
  transfers: said.transfers.default([]),
  authority: said.authority,
  withdrawal: z.strictObject({
    url: said.withdrawal.shape.url.default(null),
    effect: said.withdrawal.shape.effect,
  }),
  rights: said.rights.default(['eu-gdpr:A15', 'eu-gdpr:A17', 'eu-gdpr:A7-3', 'eu-gdpr:A77']),
  automatedDecision: said.automatedDecision.default(false),
  trainedModels: said.trainedModels.default('a model trained before a withdrawal is not untrained'),
})
export type PoolFile = z.infer<typeof poolFile>

/** Throws InvalidInputError BAD_POOL_FILE naming the field and what is wrong with it. */
export function readPoolFile(text: string): PoolFile {
  if (text.length > MAX_FILE_BYTES) throw new InvalidInputError('BAD_POOL_FILE', `a pool file has at most ${MAX_FILE_BYTES} bytes`)
  let value: unknown
  try {
    value = parseYaml(text)
  } catch (cause) {
    throw new InvalidInputError('BAD_POOL_FILE', 'the pool file is not YAML; "quern dao pool init" writes one', { cause })
  }
  const parsed = poolFile.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new InvalidInputError(
    'BAD_POOL_FILE',
    `${issue?.path.join('.') || 'the file'}: ${issue?.message ?? 'is not what a pool file says'}`,
  )
}

export interface PoolStart {
  name: string
  address: string
  contact: string
  jurisdiction: string
  authority: string
  trainers?: readonly string[]
}

const quoted = (text: string): string => JSON.stringify(text)

/** YAML text that `readPoolFile` takes as it stands. */
export function poolTemplate({ name, address, contact, jurisdiction, authority, trainers = [] }: PoolStart): string {
  return `# What people are asked when they offer personal data to this pool. They see all of it before they agree to any of it.
# Keyholders are not named here: "quern dao pool open" takes them from the seated validators, and names them in the policy.
# Terms are those of the Data Privacy Vocabulary 2.3; another one is refused.

controller:                       # who answers for the data
  name: ${quoted(name)}
  address: ${quoted(address)}
  contact: ${quoted(contact)}
  representative: null
  dpo: null

# One tick each, and none is ticked beforehand. What is not optional is needed: without it there is no contribution.
# Nothing that people earn depends on an optional purpose. Testing a sample is what earns points, so it is needed.
purposes:
  - id: ai:ModelTraining
    text: to train language models
    optional: false
  - id: dpv:DataQualityAssessment
    text: to test a sample of it
    optional: false
  - id: ai:Benchmarking
    text: to measure models
    optional: true

dataCategories:                   # what may be offered; more than this is refused on the device
  - pd:ServiceConsumptionBehaviour
  - pd:FavouriteMusic
  - pd:TVViewingBehaviour
  - pd:BrowsingBehaviour
special: []                       # those of them that Article 9 protects further; the pool then needs explicit consent under it

rules:                            # what an event may say, and how fine: devices drop the rest, and a test fails what says more
  time: hour                      # or day
  placeDecimals: 2                # of a degree, 2 is about a kilometre; 1, 0, or null for no places
  types: [${EVENT_TYPES.join(', ')}]
  fields: [${EVENT_FIELDS.join(', ')}]

trainers: [${trainers.map(quoted).join(', ')}]                      # accounts that a release may go to; none: nothing leaves the pool

retention:
  maxDays: 365                    # a consent ends by itself
  shredWithinHours: 24
storage:
  - nodes of the DAO and of its keyholders
publicStorage: false              # true: the encrypted bytes lie on public IPFS, where nobody can delete them
jurisdiction: ${quoted(jurisdiction)}
transfers: []
authority: ${quoted(authority)}
withdrawal:
  url: null
  effect: Keyholders delete their shares, and later releases leave the data out.
trainedModels: a model trained before a withdrawal is not untrained
`
}
