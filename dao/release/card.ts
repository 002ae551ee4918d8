/** `README.md`: a dataset card with the metadata block that the Hugging Face hub and `datasets` read. */
import type { ColumnType } from './columns.ts'
import { type ReleaseManifest, isoDate } from './manifest.ts'
import { LIMITATIONS, OPT_OUT_MEASURES, REMOVAL_POLICY } from './words.ts'

const DTYPE: Record<ColumnType, (scale: number) => string> = {
  text: () => 'string',
  integer: () => 'int64',
  time: () => 'timestamp[us, tz=UTC]',
  boolean: () => 'bool',
  date: () => 'date32',
  decimal: (scale) => `decimal128(18, ${scale})`,
}
/** JSON strings are YAML strings; nothing a charter or a page says can break out of them. */
const quoted = (text: string): string => JSON.stringify(text)

export function describeCard(manifest: ReleaseManifest): string {
  const title = manifest.title || manifest.name
  const languages = manifest.languages.map(({ language }) => language).filter((language) => language !== 'und')
  return `---
pretty_name: ${quoted(title)}
license: ${quoted(manifest.license.toLowerCase())}
${manifest.license === 'other' ? `license_name: stated-per-record\nlicense_link: ${quoted(manifest.contact)}\n` : ''}language:${languages.length === 0 ? ' []' : languages.map((language) => `\n- ${quoted(language)}`).join('')}
task_categories:
- text-generation
size_categories:
- ${sizeCategory(manifest.counts.records)}
tags:
- web
- provenance
- quern
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*.parquet
dataset_info:
  config_name: default
  features:
${manifest.columns.map(({ name, type, many, scale = 0 }) => `  - name: ${name}\n    ${many ? 'sequence' : 'dtype'}: ${quoted(DTYPE[type](scale))}`).join('\n')}
  splits:
  - name: train
    num_bytes: ${manifest.counts.bytes}
    num_examples: ${manifest.counts.records}
---

# ${plain(title)}

${plain(manifest.description) || 'Records gathered in the open by the contributors of a DAO.'}

Release of ${isoDate(manifest.at)}: epochs ${manifest.epochs[0]} to ${manifest.throughEpoch} of the ledger \`${manifest.ledger}\`,
under charter version ${manifest.charter.version} (\`${manifest.charter.cid}\`).

| | |
| --- | ---: |
| records | ${manifest.counts.records} |
| tokens (words) | ${manifest.counts.tokens} |
| bytes of text | ${manifest.counts.bytes} |
| hosts | ${manifest.counts.hosts} |
| contributors | ${manifest.counts.contributors} |
| looked at | ${manifest.counts.considered} |

## Read it

Nothing of Quern is needed: these are ordinary Parquet files.

\`\`\`python
from datasets import load_dataset
records = load_dataset("parquet", data_files="data/*.parquet", split="train")
\`\`\`

\`\`\`sql
SELECT lang, count(*), sum(n_tokens) FROM 'data/*.parquet' GROUP BY lang;
\`\`\`

## Columns

| column | what it is |
| --- | --- |
${manifest.columns.map(({ name, description }) => `| \`${name}\` | ${description} |`).join('\n')}

## Where it comes from

Every row names the contributor that gathered it, the batch it was committed in, and the WARC evidence it was extracted from by a pinned pipeline.
\`shares.json\` says what each contributor's tested work weighs in this release. All of it replays from the public ledger: selecting and writing again the first
${manifest.checkpoint.size} entries gives the same root CID. \`manifest.json\` has the digests.

${table(
  'Language',
  manifest.languages.map((row) => [row.language, row.records, row.tokens]),
)}

${table(
  'Licence as stated',
  manifest.licenses.map((row) => [row.license ?? 'none stated', row.records, row.tokens]),
)}

${table(
  'Host (largest 20)',
  [...manifest.hosts]
    .toSorted((a, b) => b.tokens - a.tokens || (a.host < b.host ? -1 : 1))
    .slice(0, 20)
    .map((row) => [row.host, row.records, row.tokens]),
)}

## Permission and withdrawal

${OPT_OUT_MEASURES.map((measure) => `- ${measure}`).join('\n')}

${REMOVAL_POLICY}

Contact: ${plain(manifest.contact)}

## What it does not claim

${LIMITATIONS}
`
}

/** One line of text in which Markdown and HTML mean nothing. */
const plain = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[<>]/g, (mark) => (mark === '<' ? '&lt;' : '&gt;'))
    .replace(/([\\`*_[\]|#])/g, '\\$1')
    .trim()

function table(what: string, rows: [string, number, number][]): string {
  return [
    `| ${what} | records | tokens |`,
    '| --- | ---: | ---: |',
    ...rows.map(([name, records, tokens]) => `| ${plain(name)} | ${records} | ${tokens} |`),
  ].join('\n')
}

function sizeCategory(records: number): string {
  const steps: [number, string][] = [
    [1e3, 'n<1K'],
    [1e4, '1K<n<10K'],
    [1e5, '10K<n<100K'],
    [1e6, '100K<n<1M'],
    [1e7, '1M<n<10M'],
    [1e8, '10M<n<100M'],
    [1e9, '100M<n<1B'],
  ]
  return steps.find(([below]) => records < below)?.[1] ?? 'n>1B'
}
