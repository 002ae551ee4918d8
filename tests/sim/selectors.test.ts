/** A DAO with a schema of its own, from pages to Parquet: gathered, replayed, forged and caught, released, queried and verified. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cutInto } from '../../cli/wiring/index.ts'
import { silent } from '../../core/effects/index.ts'
import { loadBatch } from '../../dao/batches/index.ts'
import { explain } from '../../dao/ledger/index.ts'
import { crawlGather, type SealPage } from '../../node/index.ts'
import { canonicalJson, type SelectorSchemaInput, utf8 } from '../../schemas/wire/index.ts'
import { changing, honest, type SimContributor, SimNetwork, SimSite, SimWeb, type World } from '../../sim/index.ts'
import { runCli } from '../support/run-cli.ts'

const shop: SelectorSchemaInput = {
  name: 'shop',
  each: 'li.offer',
  match: { paths: ['/list/'] },
  fields: [
    { name: 'title', select: ['h2'], type: 'string', required: true },
    { name: 'price', select: ['.price'], type: 'decimal', required: true, transforms: [{ do: 'number', decimal: ',', group: '.' }] },
    { name: 'pieces', select: ['.pieces'], type: 'integer', transforms: [{ do: 'number' }] },
    { name: 'in_stock', select: ['.stock'], type: 'boolean', transforms: [{ do: 'present' }] },
    { name: 'added', select: ['time'], attr: 'datetime', type: 'datetime' },
    { name: 'until', select: ['.until'], type: 'date', transforms: [{ do: 'date', format: 'D.M.YYYY' }] },
    { name: 'tags', select: ['.tag'], type: 'string', many: true },
    { name: 'sizes', select: ['.size'], type: 'integer', many: true },
    { name: 'link', select: ['a'], attr: 'href', type: 'url' },
  ],
}

const HOSTS = ['a.shop.test', 'b.shop.test', 'c.shop.test', 'd.shop.test']
const LISTS = 6
const OFFERS = 5
const WORDS = 'oak ash elm walnut steel linen wool glass clay cork brass slate chair table lamp shelf bench stool chest frame'.split(' ')

/** Words that no other offer of the site has in this order. */
function words(seed: number, count: number): string {
  let state = seed * 2_654_435_761
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return `${WORDS[(state >>> 8) % WORDS.length]}${(state >>> 16) % 97}`
  }).join(' ')
}

function page(host: string, url: string): string | undefined {
  const pathname = new URL(url).pathname
  const links = Array.from({ length: LISTS }, (_, i) => `<a href="/list/${i}">${i}</a>`).join('')
  if (pathname === '/') return `<h1>${host}</h1>${links}`
  const list = /^\/list\/(\d)$/.exec(pathname)?.[1]
  if (list === undefined || Number(list) >= LISTS) return undefined
  const offers = Array.from({ length: OFFERS }, (_, i) => {
    const seed = HOSTS.indexOf(host) * 1000 + Number(list) * 100 + i + 1
    return `<li class="offer"><h2>${words(seed, 24)}</h2><p class="price">${seed}.${String(seed % 900).padStart(3, '0')},5 €</p><p class="pieces">${i} pieces</p>
      ${i % 2 === 0 ? '<i class="stock">now</i>' : ''}<time datetime="2026-01-0${i + 1}T10:00:00+01:00"></time><p class="until">${i + 1}.3.2026</p>
      ${'<b class="tag">new</b>'.repeat(i)}<b class="size">${i}</b><b class="size">40</b><a href="/offer/${seed}">more</a></li>`
  })
  return `<h1>Offers</h1><ul>${offers.join('\n')}</ul><nav>${links}</nav>`
}

const webOf = (world: World): SimWeb =>
  new SimWeb({
    clock: world.clock,
    site: new SimSite({ seed: 1, hosts: 1 }),
    userAgent: 'Quern-sim/1 (+mailto:sim@example.org)',
    override: (url) => {
      const body = page(url.host, url.href)
      return body === undefined ? { status: 404, body: '' } : { body }
    },
  })

/** Halves the price in what it seals, beside the pages as they were. */
const cheap = (name: string): SimContributor => ({
  name,
  gather: changing((found) => {
    const cut = (one: SealPage['records'][number]) => {
      const record = JSON.parse(new TextDecoder().decode(one.record)) as object
      return { ...one, packed: undefined, record: utf8(canonicalJson({ ...record, price: '1.00' })) }
    }
    return { ...found, records: found.records.map(cut) }
  }),
})

let network: SimNetwork
let folder: string
let release: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-selectors-'))
  network = await SimNetwork.start({
    seed: 3,
    contributors: [honest('ada'), honest('ben'), honest('cyd'), cheap('dan')],
    validators: ['v1', 'v2', 'v3', 'v4'].map((name) => ({ name })),
    seeds: HOSTS.map((host) => `https://${host}/`),
    charter: {
      schemas: ['shop@1'],
      pipelines: ['shop@1/1'],
      selectors: [shop],
      value: { hostContributors: 0, hostEpochs: 0, hostRecords: 1000, minTokens: 5 },
    },
    web: (world, node) => webOf(world).view(node),
    gather: (web, world) =>
      crawlGather({
        clock: world.clock,
        logger: silent,
        agentToken: 'Quern-sim',
        openWeb: async () => ({ get: (url, options) => web.get(url, options), [Symbol.asyncDispose]: async () => undefined }),
      }),
  })
  await network.runEpochs(1)
  const { operator } = network
  const cut = await cutInto({
    ledger: operator.ledger,
    files: operator.files,
    get: (cid) => operator.storage.public.get(cid),
    folder,
  })
  release = cut?.path ?? ''
})
afterAll(async () => {
  await network?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

it('is gathered by its contributors, several records to a fetch', () => {
  const batches = [...network.state.batches.values()].filter(({ voided }) => voided === null)
  expect(batches.length).toBeGreaterThan(1)
  let shared = 0
  for (const { manifestCid } of batches) {
    const files = loadBatch((cid) => network.operator.files.read(cid), manifestCid)
    expect(files?.manifest).toMatchObject({ schema: 'shop@1', pipeline: 'shop@1/1' })
    const groups = files?.index.rows.map(({ evidenceOffset }) => evidenceOffset) ?? []
    shared += groups.length - new Set(groups).size
  }
  expect(shared).toBeGreaterThan(20)
})

it('passes for who is honest, and is proven false for who is not', () => {
  const accountOf = (name: string): string => [...network.names].find(([, one]) => one === name)?.[0] ?? ''
  const points = (name: string): string =>
    network.results[0]?.rows.find(({ role, account }) => role === 'contributor' && account === accountOf(name))?.points.toString() ?? '0'
  for (const name of ['ada', 'ben', 'cyd'])
    expect(
      explain(network.state, accountOf(name))
        ?.reasons.map(({ text }) => text)
        .join('\n'),
    ).not.toContain('D3')
  expect(['ada', 'ben', 'cyd'].some((name) => points(name) !== '0')).toBe(true)
  expect(points('dan')).toBe('0')
  expect(
    explain(network.state, accountOf('dan'))
      ?.reasons.map(({ text }) => text)
      .join('\n'),
  ).toContain('D3')
})

it('is released with a typed column for each field', async () => {
  const said = await runCli('dataset', 'query', release, '--schema', 'shop@1', '--limit', '100', '--json')
  const rows = said.json()
  expect(rows.length).toBeGreaterThan(10)
  const [row] = rows.filter(({ shop_pieces }) => shop_pieces === 2)
  expect(row).toMatchObject({
    schema: 'shop@1',
    shop_in_stock: true,
    shop_added: '2026-01-03T09:00:00.000Z',
    shop_until: '2026-03-03',
    shop_tags: ['new', 'new'],
    shop_sizes: [2, 40],
    text: [row?.shop_title, 'new', 'new'].join('\n\n'),
    data_json: '{"item":2}',
  })
  expect(String(row?.shop_price)).toMatch(/^\d+\.50$/)
  const { Duckdb, list } = await import('../../dao/stores/duckdb.ts')
  const file = path.join(release, 'data/train-00000-of-00001.parquet')
  using database = await Duckdb.open({ files: [file] })
  const types = await database.connection.runAndReadAll(`DESCRIBE SELECT COLUMNS('shop_.*') FROM read_parquet(${list([file])})`)
  expect(Object.fromEntries(types.getRows().map(([name, type]) => [name, type]))).toEqual({
    shop_title: 'VARCHAR',
    shop_price: 'DECIMAL(18,2)',
    shop_pieces: 'BIGINT',
    shop_in_stock: 'BOOLEAN',
    shop_added: 'TIMESTAMP WITH TIME ZONE',
    shop_until: 'DATE',
    shop_tags: 'VARCHAR[]',
    shop_sizes: 'BIGINT[]',
    shop_link: 'VARCHAR',
  })
  const shown = await runCli('dataset', 'query', release, '--schema', 'shop@1', '--limit', '2')
  expect(shown.out.split('\n')[0]).toMatch(/^domain +shop_title +shop_price/)
})

it('is verified row by row by a stranger', async () => {
  const verified = await runCli('dataset', 'verify', release)
  expect(verified).toMatchObject({ code: 0 })
})
