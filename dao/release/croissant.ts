/** `croissant.json`: Croissant 1.1 with the RAI 1.0 vocabulary and PROV-O attribution, generated from the manifest and never kept by hand. */
import type { ColumnType } from './columns.ts'
import { isoTime, type ReleaseManifest } from './manifest.ts'
import { LIMITATIONS, REMOVAL_POLICY } from './words.ts'

/** The context of the 1.1 specification, with prov for attribution. */
const CONTEXT = {
  '@language': 'en',
  '@vocab': 'https://schema.org/',
  arrayShape: 'cr:arrayShape',
  citeAs: 'cr:citeAs',
  column: 'cr:column',
  conformsTo: 'dct:conformsTo',
  containedIn: 'cr:containedIn',
  cr: 'http://mlcommons.org/croissant/',
  data: { '@id': 'cr:data', '@type': '@json' },
  dataType: { '@id': 'cr:dataType', '@type': '@vocab' },
  dct: 'http://purl.org/dc/terms/',
  description: { '@container': '@language' },
  equivalentProperty: 'cr:equivalentProperty',
  examples: { '@id': 'cr:examples', '@type': '@json' },
  extract: 'cr:extract',
  field: 'cr:field',
  fileObject: 'cr:fileObject',
  fileProperty: 'cr:fileProperty',
  fileSet: 'cr:fileSet',
  format: 'cr:format',
  includes: 'cr:includes',
  isArray: 'cr:isArray',
  isLiveDataset: 'cr:isLiveDataset',
  jsonPath: 'cr:jsonPath',
  key: 'cr:key',
  md5: 'cr:md5',
  name: { '@container': '@language' },
  parentField: 'cr:parentField',
  path: 'cr:path',
  prov: 'http://www.w3.org/ns/prov#',
  rai: 'http://mlcommons.org/croissant/RAI/',
  recordSet: 'cr:recordSet',
  references: 'cr:references',
  regex: 'cr:regex',
  repeated: 'cr:repeated',
  replace: 'cr:replace',
  samplingRate: 'cr:samplingRate',
  sc: 'https://schema.org/',
  separator: 'cr:separator',
  source: 'cr:source',
  subField: 'cr:subField',
  transform: 'cr:transform',
} as const

const DATA_TYPE: Record<ColumnType, string> = {
  text: 'sc:Text',
  integer: 'sc:Integer',
  time: 'sc:DateTime',
  boolean: 'sc:Boolean',
  date: 'sc:Date',
  decimal: 'sc:Float',
}

/** JSON-LD object; `mlcroissant validate` gives no error and no warning for it (tests/interop). */
export function describeCroissant(manifest: ReleaseManifest): Record<string, unknown> {
  const shards = manifest.files.filter((file) => file.rows !== null)
  return {
    '@context': CONTEXT,
    '@type': 'sc:Dataset',
    name: `${manifest.name}-${manifest.throughEpoch}`,
    description:
      manifest.description === '' ? `Release of the ${manifest.title || manifest.name} DAO, gathered in the open.` : manifest.description,
    conformsTo: ['http://mlcommons.org/croissant/1.1', 'http://mlcommons.org/croissant/RAI/1.0'],
    license: licenseOf(manifest.license),
    url: manifest.contact,
    version: `${manifest.throughEpoch}.0.0`,
    sdVersion: '1.0.0',
    datePublished: manifest.date,
    creator: { '@type': 'sc:Organization', name: manifest.title || manifest.name, url: manifest.contact },
    citeAs: `${manifest.title || manifest.name}, ${manifest.ledger}, through epoch ${manifest.throughEpoch}, ${manifest.date.slice(0, 4)}`,
    keywords: ['text-generation', 'web', 'provenance', ...manifest.languages.slice(0, 32).map(({ language }) => language)],
    inLanguage: manifest.languages.map(({ language }) => language),
    'prov:wasAttributedTo': manifest.contributors.map(({ contributor }) => ({ '@id': contributor })),
    'prov:wasGeneratedBy': {
      '@type': 'prov:Activity',
      'prov:label': `epochs ${manifest.epochs[0]} to ${manifest.throughEpoch} of ${manifest.ledger}`,
      'prov:used': { '@id': `ipfs://${manifest.charter.cid}` },
    },
    ...(manifest.previous === null ? {} : { 'prov:wasDerivedFrom': { '@id': `ipfs://${manifest.previous}` } }),
    'rai:dataCollection':
      'Pages fetched from the public web by the contributors of a DAO under its charter; every fetch is kept as WARC evidence.',
    'rai:dataCollectionType': 'Web Scraping',
    'rai:dataCollectionTimeframe': [isoTime(Math.floor(manifest.counts.from / 1000)), isoTime(Math.floor(manifest.counts.to / 1000))],
    'rai:dataPreprocessingProtocol': `Main text extracted by ${manifest.pipelines.join(', ')}; exact and near duplicates removed, first commit kept; selection rules in manifest.json.`,
    'rai:dataBiases': 'Hosts are chosen by the charter’s seeds and demand table; languages and sites are not a sample of the web.',
    'rai:dataLimitations': LIMITATIONS,
    'rai:personalSensitiveInformation': 'Public web pages may name people. No personal export is part of this release.',
    'rai:dataUseCases': 'Training and evaluation of language models, within what each record’s usage_train and licence columns allow.',
    'rai:dataSocialImpact': 'Shows for every record who gathered it, from where and under which permission.',
    'rai:dataReleaseMaintenancePlan': REMOVAL_POLICY,
    distribution: [
      ...shards.map((file) => ({
        '@type': 'cr:FileObject',
        '@id': file.path,
        name: file.path,
        contentUrl: file.path,
        contentSize: `${file.bytes} B`,
        encodingFormat: 'application/x-parquet',
        sha256: file.sha256,
      })),
      {
        '@type': 'cr:FileSet',
        '@id': 'shards',
        name: 'shards',
        description: 'All Parquet files of the train split.',
        encodingFormat: 'application/x-parquet',
        includes: 'data/*.parquet',
      },
    ],
    recordSet: [
      {
        '@type': 'cr:RecordSet',
        '@id': 'records',
        name: 'records',
        description: 'One row per record.',
        key: { '@id': 'records/id' },
        field: manifest.columns.map(({ name, type, description, many }) => ({
          '@type': 'cr:Field',
          '@id': `records/${name}`,
          name,
          description,
          dataType: DATA_TYPE[type],
          ...(many ? { isArray: true, arrayShape: '-1' } : {}),
          source: { fileSet: { '@id': 'shards' }, extract: { column: name } },
          ...(PROVENANCE[name] === undefined ? {} : { equivalentProperty: PROVENANCE[name] }),
        })),
      },
    ],
  }
}

/** Columns that say per record what PROV-O says of the whole. */
const PROVENANCE: Record<string, string> = {
  contributor_id: 'prov:wasAttributedTo',
  evidence_cid: 'prov:wasDerivedFrom',
  extractor_version: 'prov:wasGeneratedBy',
}

/** An SPDX identifier as its page; any other word as it stands. */
function licenseOf(license: string): string {
  return /^(CC|MIT|Apache|ODC|PDDL|BSD|GPL|CDLA)/i.test(license) ? `https://spdx.org/licenses/${license}.html` : license
}
