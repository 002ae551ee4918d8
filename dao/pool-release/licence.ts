/** What a trainer may do with a release, as ODRL 2.2 in JSON-LD: read by machines, and meant. */
import type { Purpose } from '../../schemas/wire/index.ts'
import { type CID, rawCid, utf8 } from '../../schemas/wire/index.ts'

export interface LicenceTerms {
  dao: string
  /** Name of the release. */
  name: string
  operator: string
  trainer: string
  purposes: readonly Purpose[]
  deleteWithinDays: number
}

/** The bytes of the licence and their raw CID: the same terms give the same bytes. */
export function describeLicence({ dao, name, operator, trainer, purposes, deleteWithinDays }: LicenceTerms): {
  bytes: Uint8Array
  cid: CID
} {
  const target = `urn:quern:${dao}:${encodeURIComponent(name)}`
  const licence = {
    '@context': ['http://www.w3.org/ns/odrl.jsonld', { dpv: 'https://w3id.org/dpv#', ai: 'https://w3id.org/dpv/ai#' }],
    '@type': 'Agreement',
    uid: `${target}#licence`,
    assigner: operator,
    assignee: trainer,
    permission: [
      {
        target,
        action: 'use',
        constraint: [
          { leftOperand: 'purpose', operator: 'isAnyOf', rightOperand: [...purposes].toSorted().map((one) => ({ '@id': one })) },
        ],
      },
    ],
    prohibition: [{ target, action: 'distribute' }],
    // counted from the day on which the withdrawal could be known: the log's entry, or the notice, whichever is earlier
    obligation: [
      {
        target,
        action: 'delete',
        constraint: [
          { leftOperand: 'event', operator: 'gt', rightOperand: { '@id': 'dpv:WithdrawConsent' } },
          { leftOperand: 'elapsedTime', operator: 'lteq', rightOperand: { '@value': `P${deleteWithinDays}D`, '@type': 'xsd:duration' } },
        ],
      },
    ],
  }
  const bytes = utf8(`${JSON.stringify(licence, null, 2)}\n`)
  return { bytes, cid: rawCid(bytes) }
}
