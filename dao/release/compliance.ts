/** Two more views of the manifest: the summary of training content that Article 53(1)(d) of the EU AI Act asks of model providers, and provenance metadata. */
import { isoDate, type ReleaseManifest } from './manifest.ts'
import { LIMITATIONS, OPT_OUT_MEASURES, REMOVAL_POLICY } from './words.ts'

/** The top 10 % of hosts by text, or the top 5 % or 1,000 for small providers: the template of the AI Office asks for one of the two. */
export function describeAiAct(manifest: ReleaseManifest): Record<string, unknown> {
  const byBytes = manifest.hosts.toSorted((a, b) => b.bytes - a.bytes || (a.host < b.host ? -1 : 1))
  const top = (count: number) => byBytes.slice(0, Math.max(1, count)).map(({ host, records, bytes }) => ({ domain: host, records, bytes }))
  return {
    template: 'Regulation (EU) 2024/1689, Article 53(1)(d): public summary of the content used for training',
    dataset: {
      name: manifest.title || manifest.name,
      ledger: manifest.ledger,
      throughEpoch: manifest.throughEpoch,
      date: isoDate(manifest.at),
    },
    general: {
      modality: 'text',
      records: manifest.counts.records,
      words: manifest.counts.tokens,
      bytes: manifest.counts.bytes,
      languages: manifest.languages.map(({ language, bytes }) => ({ language, bytes })),
      latestAcquisition: isoDate(Math.floor(manifest.counts.to / 1000)),
    },
    sources: {
      publicDatasets: [],
      licensedOrPrivateData: [],
      scraped: {
        crawler: 'Quern',
        operator: manifest.title || manifest.name,
        contact: manifest.contact,
        period: { from: isoDate(Math.floor(manifest.counts.from / 1000)), to: isoDate(Math.floor(manifest.counts.to / 1000)) },
        domains: manifest.hosts.length,
        top10Percent: top(Math.ceil(byBytes.length / 10)),
        topSmallProvider: top(Math.min(1000, Math.ceil(byBytes.length / 20))),
      },
      userData: [],
      synthetic: [],
    },
    processing: { reservationsOfRights: OPT_OUT_MEASURES, removal: REMOVAL_POLICY, limitations: LIMITATIONS },
  }
}

/** The fields of the Data Provenance Standards (Data & Trust Alliance, version 1), and the lineage that a replay follows. */
export function describeProvenance(manifest: ReleaseManifest): Record<string, unknown> {
  return {
    standard: 'Data Provenance Standards 1.0.0',
    source: {
      title: manifest.title || manifest.name,
      uniqueId: `${manifest.ledger}/releases/${manifest.throughEpoch}`,
      metadataLocation: 'manifest.json',
      issuer: manifest.contact,
      description: manifest.description,
    },
    provenance: {
      source: 'public web',
      originGeography: 'not recorded',
      issueDate: isoDate(manifest.at),
      previousRelease: manifest.previous,
      generationPeriod: { from: isoDate(Math.floor(manifest.counts.from / 1000)), to: isoDate(Math.floor(manifest.counts.to / 1000)) },
      method: 'web scraping',
      format: 'application/vnd.apache.parquet',
    },
    use: {
      confidentiality: 'public',
      consents: 'none needed: public pages under their own statements on training; see usage_train',
      privacyEnhancing: 'none',
      processingExcluded: [],
      storage: 'any: content-addressed',
      license: manifest.license,
      intendedUse: 'training and evaluation of language models',
      proprietary: 'rights remain with the authors of the pages',
    },
    lineage: {
      ledger: manifest.ledger,
      entries: manifest.checkpoint,
      charter: manifest.charter,
      epochs: manifest.epochs,
      pipelines: manifest.pipelines,
      rules: manifest.rules,
      columns: {
        batch: 'batch_cid',
        row: 'batch_row',
        evidence: ['evidence_cid', 'evidence_offset', 'evidence_length'],
        contributor: 'contributor_id',
      },
      derivedFrom: manifest.previous === null ? [] : [manifest.previous],
    },
  }
}
