/** One page for a person who opens the address in a browser: what this is, the newest release, who earned what, how to check it. */
import { isLocalRules } from '../../charter/index.ts'
import type { LedgerState } from '../../ledger/index.ts'
import type { ReleaseManifest, ShareTable } from '../../release/index.ts'
import { command, escaped, htmlPage } from './html.ts'

export interface NewestRelease {
  cid: string
  manifest: ReleaseManifest
  /** Undefined when the table is too long for a page. */
  shares: ShareTable | undefined
}

/** What the files of a release are for, but for the Parquet ones. */
const PURPOSE: Record<string, string> = {
  'README.md': 'dataset card',
  'shares.json': 'who earns what',
  'removals.jsonl': 'taken out again, and why',
  'croissant.json': 'metadata for dataset search',
  'provenance.json': 'lineage',
  'ai-act-53-1-d.json': 'summary of training content',
}
const SHOWN_SHARES = 20
const SHOWN_FILES = 20
const SHOWN_LANGUAGES = 5

/** `origin` is where the reader found the page, for commands to copy: a URL's origin. */
export function frontPage(state: LedgerState | undefined, newest: NewestRelease | undefined, origin: string): Response {
  if (state === undefined) return htmlPage('Quern', '<h1>Quern</h1>\n<p>The ledger has not begun yet: come back in a moment.</p>')
  const { charter } = state
  const local = isLocalRules(charter)
  const title = escaped(local ? 'A DAO on this machine' : charter.title || charter.name)
  return htmlPage(
    title,
    [
      `<h1>${title}</h1>`,
      '<p>A DAO that gathers training data in the open. Contributors crawl and structure the web, validators test what they bring, and a public ledger turns the tested work into shares. Every score can be computed again by anyone.</p>',
      charter.description === '' ? '' : `<p>${escaped(charter.description)}</p>`,
      local
        ? '<p class="soft">It runs under <em>local rules</em>, made for trying Quern out: short epochs and validators that know each other.</p>'
        : '',
      releasePart(newest, state, origin),
      sharesPart(newest, state),
      ledgerPart(state, origin),
      interfacePart(charter.contact, origin),
    ]
      .filter((part) => part !== '')
      .join('\n'),
  )
}

function releasePart(newest: NewestRelease | undefined, state: LedgerState, origin: string): string {
  const heading = '<h2>Newest release</h2>'
  if (newest === undefined)
    return `${heading}\n<p>None yet: the first one is cut when an epoch is final. ${state.epoch === null ? '' : `Epoch ${state.epoch.number} is in its phase “${escaped(state.epoch.phase)}”.`}</p>`
  const { cid, manifest } = newest
  const { counts, files, languages } = manifest
  const at = `/v1/releases/${cid}`
  const tables = files.filter((file) => file.rows !== null)
  const named = [...tables, ...files.filter((file) => file.rows === null)].slice(0, SHOWN_FILES)
  const listed = named.map(
    ({ path, bytes, rows }) =>
      `<tr><td><a href="${at}/${escaped(path)}">${escaped(path)}</a>${PURPOSE[path] === undefined ? '' : ` <span class="soft">${PURPOSE[path]}</span>`}<td class="n">${rows === null ? '' : number(rows)}<td class="n">${size(bytes)}`,
  )
  const more = files.length - named.length
  const spoken = languages
    .toSorted((a, b) => b.records - a.records)
    .slice(0, SHOWN_LANGUAGES)
    .map(({ language, records }) => `${escaped(language)} ${number(records)}`)
  const parquet = tables.map((file) => `'${origin}${at}/${file.path}'`)
  return [
    heading,
    `<p>${number(counts.records)} records with ${number(counts.tokens)} words from ${number(counts.hosts)} hosts, up to epoch ${manifest.throughEpoch}, cut on <time datetime="${manifest.date}">${manifest.date.slice(0, 10)}</time>. ${spoken.length === 0 ? '' : `Languages by records: ${spoken.join(', ')}${languages.length > spoken.length ? ', and others' : ''}.`}</p>`,
    `<p class="soft">Each record keeps the licence of its source. Root: <code>${cid}</code></p>`,
    '<div class="scroll"><table><caption>Files: Parquet, and what describes and proves it</caption>',
    '<thead><tr><th scope="col">File<th scope="col" class="n">Rows<th scope="col" class="n">Size</thead><tbody>',
    ...listed,
    '</tbody></table></div>',
    more > 0
      ? `<p><a href="${at}">The manifest</a> names ${number(more)} more files.</p>`
      : `<p><a href="${at}">Manifest</a> with every digest.</p>`,
    parquet.length === 0
      ? ''
      : command(
          `Read it in place with DuckDB${parquet.length > 1 ? `, here the first of ${number(parquet.length)} files` : ''}:`,
          `duckdb -c "SELECT url, title, lang, n_tokens FROM ${parquet[0]} LIMIT 5"`,
        ),
    command('Or copy it and verify every byte on the way:', `quern dataset fetch --dao ${origin} --out data`),
  ].join('\n')
}

function sharesPart(newest: NewestRelease | undefined, state: LedgerState): string {
  const everyone = `<p>${number(state.contributors.size)} contributors and ${number([...state.validators.values()].filter((one) => one.active).length)} validators take part: <a href="/v1/contributors">contributors</a>, <a href="/v1/validators">validators</a> (JSON).</p>`
  const heading = '<h2>Shares</h2>'
  if (newest === undefined) return `${heading}\n<p>Shares are computed with each release.</p>\n${everyone}`
  const { cid, shares } = newest
  if (shares === undefined)
    return `${heading}\n<p>The <a href="/v1/releases/${cid}/shares.json">table of shares</a> is long.</p>\n${everyone}`
  const { split } = shares
  const earning = shares.rows.filter((row) => row.role === 'contributor').toSorted((a, b) => b.ppm - a.ppm)
  const rows = earning
    .slice(0, SHOWN_SHARES)
    .map(
      ({ account, ppm, records, tokens }) =>
        `<tr><td><a href="/v1/contributors/${escaped(account)}" aria-label="${escaped(account)}"><code>${escaped(short(account))}</code></a><td class="n">${number(records)}<td class="n">${number(tokens)}<td class="n">${percent(ppm)}`,
    )
  return [
    heading,
    `<p>Of what this release earns, ${percent(split.contributorsPpm)} go to its contributors, ${percent(split.validatorsPpm)} to its validators and ${percent(split.commonsPpm)} to the commons.</p>`,
    '<div class="scroll"><table><caption>How the contributors’ part divides, by tested work</caption>',
    '<thead><tr><th scope="col">Contributor<th scope="col" class="n">Records<th scope="col" class="n">Words<th scope="col" class="n">Share</thead><tbody>',
    ...rows,
    '</tbody></table></div>',
    `<p><a href="/v1/releases/${cid}/shares.json">The whole table</a>${earning.length > rows.length ? `, with ${number(earning.length - rows.length)} more contributors` : ''}, validators too.</p>`,
    everyone,
  ].join('\n')
}

function ledgerPart(state: LedgerState, origin: string): string {
  const now = state.epoch === null ? 'no epoch has begun' : `epoch ${state.epoch.number} is in its phase “${escaped(state.epoch.phase)}”`
  return [
    '<h2>Ledger</h2>',
    `<p>An append-only log that validators witness: ${number(state.size)} entries, ${now}. Its name is <code>${escaped(state.id)}</code>.</p>`,
    command('Read the entries:', `quern ledger show --dao ${origin}`),
    command(
      'Copy the log and compute every score and share again, on a machine of your own:',
      `quern ledger audit dao-log --dao ${origin}`,
    ),
    '<p>As data: <a href="/v1/epochs">epochs and their tables</a>, <a href="/v1/ledger">entries</a>, <a href="/v1/charter">the charter</a> (the rules), <a href="/checkpoint">the signed checkpoint</a>, <a href="/v1/optouts">opt-outs</a>.</p>',
  ].join('\n')
}

const interfacePart = (contact: string, origin: string): string =>
  [
    '<h2>For site owners</h2>',
    '<p>The crawlers obey <code>robots.txt</code> and every reservation against training that they can read, and keep as evidence which line decided. A site is left out for good, from the next release on what was gathered before too, once it has a file <code>/.well-known/quern.txt</code>, or a TXT record of <code>_quern.</code> and its name, with the line <code>opt-out: /</code>, and somebody asks to look there:</p>',
    command('For the domain example.org:', `curl -X POST '${origin}/v1/optouts?domain=example.org'`),
    `<p>A person answers at <a rel="nofollow" href="${escaped(contact)}">${escaped(contact)}</a>.</p>`,
    '<h2>For programs</h2>',
    '<p><a href="/openapi.json">The whole HTTP interface</a> is described in OpenAPI 3.1; <a href="/v1/releases">all releases</a> as JSON.</p>',
  ].join('\n')

const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',')
const percent = (ppm: number): string => `${(ppm / 10_000).toFixed(ppm % 10_000 === 0 ? 0 : 2)} %`
/** A did:key without what all have in common. */
const short = (account: string): string => {
  const key = account.replace(/^did:key:/, '')
  return key.length > 20 ? `${key.slice(0, 10)}…${key.slice(-6)}` : key
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1_000_000) return `${(bytes / 1000).toFixed(1)} kB`
  return `${(bytes / 1_000_000).toFixed(1)} MB`
}
