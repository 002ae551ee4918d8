/**
 * The JSON-LD view of a consent: a record by ISO/IEC TS 27560 with what the GDPR asks besides, in the profile `dpv-27560#record-eu-gdpr`.
 * Derived from policy and receipt for other people's tools; what is signed is the receipt. The context is inline: reading it asks no network.
 */
import { type ConsentPolicy, type ConsentReceipt, type Purpose, PURPOSES, toHex } from '../../schemas/wire/index.ts'
import type { Scope } from './tombstones.ts'

const CONTEXT = {
  ai: 'https://w3id.org/dpv/ai#',
  dct: 'http://purl.org/dc/terms/',
  dpv: 'https://w3id.org/dpv#',
  'eu-gdpr': 'https://w3id.org/dpv/legal/eu/gdpr#',
  pd: 'https://w3id.org/dpv/pd#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const

type Node = { [key: string]: string | Node | Node[] }
const ref = (id: string): Node => ({ '@id': id })
const date = (seconds: number): Node => ({ '@type': 'xsd:dateTime', '@value': isoTime(seconds) })

/** The service's mail beside the events is read to test them, and for nothing else. */
const mailCategory = ({ mail }: ConsentReceipt, purpose: Purpose): string[] =>
  mail === true && purpose === 'dpv:DataQualityAssessment' ? ['pd:EmailContent'] : []

/** `withdrawn` is what `Tombstones.scopeOf` gives; `now` in Unix seconds decides whether the consent has expired. */
export function dpvView(policy: ConsentPolicy, receipt: ConsentReceipt, { withdrawn, now }: { withdrawn?: Scope; now: number }): Node {
  const held = (id: string): boolean => withdrawn === undefined || (withdrawn !== 'all' && !withdrawn.has(id as never))
  const { controller } = policy
  return {
    '@context': CONTEXT,
    '@id': `urn:uuid:${receipt.id}`,
    '@type': 'dpv:ConsentRecord',
    'dct:conformsTo': ref('https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr'),
    'dct:identifier': receipt.id,
    'dpv:hasDataSubject': { '@id': receipt.subject, '@type': 'dpv:DataSubject' },
    'dpv:hasDataController': {
      '@type': 'dpv:DataController',
      'dpv:hasName': controller.name,
      'dpv:hasAddress': controller.address,
      'dpv:hasContact': controller.contact,
      ...(controller.representative !== null && { 'dpv:hasRepresentative': controller.representative }),
      ...(controller.dpo !== null && { 'dpv:hasDataProtectionOfficer': controller.dpo }),
    },
    'dpv:hasJointDataControllers': policy.jointControllers.map(ref),
    'dpv:hasNotice': {
      '@id': `ipfs://${policy.notice.cid}`,
      '@type': 'dpv:ConsentNotice',
      'dct:language': policy.notice.lang,
      'dct:identifier': `sha256:${toHex(policy.notice.sha256)}`,
    },
    'dpv:hasPolicy': ref(`ipfs://${receipt.policy}`),
    'dpv:hasStatus': [
      { '@type': receipt.prev === null ? 'dpv:ConsentGiven' : 'dpv:RenewedConsentGiven', 'dct:date': date(receipt.given) },
      ...(withdrawn === 'all' ? [{ '@type': 'dpv:ConsentWithdrawn' }] : []),
      ...(now >= receipt.expires ? [{ '@type': 'dpv:ConsentExpired', 'dct:date': date(receipt.expires) }] : []),
    ],
    'dpv:hasIndicationMethod': receipt.method,
    'dpv:hasDuration': { '@type': 'dpv:UntilTimeDuration', 'dct:valid': date(receipt.expires) },
    'dpv:hasLegalBasis': ref(policy.lawfulBasis),
    'dpv:hasProcess': policy.purposes
      .filter(({ id }) => receipt.purposes.includes(id))
      .map(({ id, text, optional }) => ({
        '@type': 'dpv:Process',
        'dct:description': text,
        'dpv:hasPurpose': ref(id),
        'dpv:hasNecessity': ref(optional ? 'dpv:Optional' : 'dpv:Required'),
        'dpv:hasConsentStatus': ref(held(id) ? 'dpv:ConsentGiven' : 'dpv:ConsentWithdrawn'),
        'dpv:hasPersonalData': [...receipt.categories, ...mailCategory(receipt, id)].map(
          (one): Node => ({
            '@id': one,
            ...(policy.special.includes(one) && { '@type': 'dpv:SpecialCategoryPersonalData' }),
          }),
        ),
        'dpv:hasProcessing': policy.processing.map(ref),
        'dpv:hasDataSource': receipt.sources.map((one): Node => ({ '@type': 'dpv:DataSource', 'dct:title': one })),
      })),
    'dpv:hasRecipient': policy.recipients.map(
      ({ role, id }): Node => ({ '@type': 'dpv:Recipient', 'dct:title': role, 'dct:identifier': id }),
    ),
    'dpv:hasStorageCondition': [
      ...policy.storage.map((one): Node => ({ '@type': 'dpv:StorageLocation', 'dct:description': one })),
      { '@type': 'dpv:StorageDuration', 'dct:description': `${policy.retention.maxDays} days` },
      { '@type': 'dpv:StorageDeletion', 'dct:description': `within ${policy.retention.shredWithinHours} hours of a withdrawal` },
    ],
    'dpv:hasJurisdiction': policy.jurisdiction,
    'dpv:hasLocation': policy.transfers.map((one): Node => ({ 'dct:title': one })),
    'dpv:hasAuthority': policy.authority,
    'dpv:hasRight': policy.rights.map(ref),
    ...(policy.automatedDecision && { 'dpv:hasContext': ref('dpv:AutomatedDecisionMaking') }),
    'dpv:hasConsentControl': {
      '@type': 'dpv:WithdrawConsent',
      'dct:identifier': policy.withdrawal.protocol,
      'dct:description': policy.withdrawal.effect,
    },
    'dpv:hasConsequence': policy.trainedModels,
  }
}

/** Every term of a view (or of the purposes it could name), for the check against the pinned list. */
export function termsOf(value: unknown): string[] {
  const found = new Set<string>(PURPOSES)
  const walk = (item: unknown, key?: string): void => {
    if (typeof item === 'string' && (key === '@id' || key === '@type')) note(item)
    else if (Array.isArray(item)) item.forEach((one) => walk(one, key))
    else if (typeof item === 'object' && item !== null)
      for (const [name, one] of Object.entries(item)) {
        if (name === '@context') continue
        note(name)
        walk(one, name)
      }
  }
  const note = (word: string): void => {
    if (/^(dpv|ai|pd|eu-gdpr|eu-dga):/.test(word)) found.add(word)
  }
  walk(value)
  return [...found]
}

/** RFC 3339 in UTC; the Unix seconds are an argument, so no clock is asked. */
const isoTime = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/\.\d{3}Z$/, 'Z')
