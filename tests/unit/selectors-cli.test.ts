/** The example charters with schemas of their own, through the command line, and mistakes in them met with their line and the fix. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readSelectorGolden, selectorDigests } from '../../tools/golden-selectors.ts'
import { runCli } from '../support/run-cli.ts'

const examples = path.resolve(import.meta.dirname, '../../docs/examples/selectors')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-selectors-cli-'))
  await cp(examples, folder, { recursive: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('gives for every page what it always gave', () => {
  // where this fails, records that ledgers name would come out otherwise: raise SELECTORS_VERSION and keep version 1 runnable
  expect(selectorDigests()).toEqual(readSelectorGolden())
})

it.each([
  ['shop', 3],
  ['forum', 1],
  ['events', 1],
])('%s.yaml passes with its own pages', async (name, pages) => {
  const checked = await runCli('charter', 'check', path.join(examples, `${name}.yaml`), '--json')
  expect(checked.code).toBe(0)
  expect(checked.json<{ pages: object[] }>()[0]?.pages).toHaveLength(pages)
})

it('shows field by field what a page gives', async () => {
  const args = ['--page', path.join(examples, 'pages/lamp.html'), '--url', 'https://moebel.example/p/lamp']
  const shown = await runCli('charter', 'check', path.join(examples, 'shop.yaml'), ...args)
  expect(shown.code).toBe(0)
  expect(shown.out).toMatch(/price +1 +"89\.50"/)
  expect(shown.out).toMatch(/images +0 +- nothing is `\.gallery` here/)
  expect(await runCli('charter', 'check', path.join(examples, 'forum.yaml'), ...args)).toMatchObject({ code: 3 })
})

it('extracts the records of a page', async () => {
  const page = path.join(examples, 'pages/thread.html')
  const said = await runCli(
    'extract',
    page,
    '--url',
    'https://forum.example/t/leavening/42',
    '--charter',
    path.join(examples, 'forum.yaml'),
  )
  expect(said.json().map(({ post, item }) => [post, item])).toEqual([
    ['p1', 0],
    ['p2', 1],
    ['p4', 3],
  ])
})

describe('a mistake', () => {
  it.each([
    ['a class that is not there', 'select: .price', 'select: .prize', 'SELECTOR_MATCHES_NOTHING', /did you mean `\.price`\?/],
    ['a pseudo-class of nobody', ':has(> th:contains("Inhalt"))', ':hass(> th)', 'UNKNOWN_PSEUDO_CLASS', /did you mean `:has`\?/],
    ['an expression that could backtrack', "'(\\d+) Stück'", "'(\\d+)\\1'", 'BAD_PATTERN', /write out/],
    ['a wrong type', "price: '1299.00'", 'price: 1299', 'EXAMPLE_DIFFERS', /correct the example/],
    ['a float', "price: '1299.00'", 'price: 12.99', 'BAD_FORMAT', /for example/],
    ['a transform of nobody', 'transforms: [present]', 'transforms: [presnt]', 'NOT_ALLOWED', /did you mean `present`\?/],
    ['a field of nobody', 'in_stock: true', 'in_stok: true', 'UNKNOWN_FIELD', /in_stock/],
    [
      'a mistyped setting',
      'many: true, transforms: [{ do: split',
      'mny: true, transforms: [{ do: split',
      'UNKNOWN_KEY',
      /did you mean `many`\?/,
    ],
    ['a page that is not saved', 'file: pages/lamp.html', 'file: pages/lamb.html', 'EXAMPLE_FILE_MISSING', /save the page/],
    ['a schema that is not accepted', 'schemas: [shop@1]', 'schemas: [shop@1, web-page@1]', 'SCHEMA_WITHOUT_PIPELINE', /web-page@1\/1/],
    ['a version that is not listed', 'version: 1 # raise', 'version: 2 # raise', 'SELECTORS_NOT_LISTED', /shop@2\/1/],
  ])('%s', async (_, right, wrong, code, fix) => {
    const text = await readFile(path.join(examples, 'shop.yaml'), 'utf8')
    expect(text).toContain(right)
    const file = path.join(folder, 'wrong.yaml')
    await writeFile(file, text.replace(right, wrong))
    const checked = await runCli('charter', 'check', file, '--json')
    expect(checked.code).toBe(3)
    const { problems } = checked.json<{ problems: { code: string; fix: string; line: number }[] }>()[0] ?? { problems: [] }
    const problem = problems.find((one) => one.code === code)
    expect(problem, JSON.stringify(problems)).toBeDefined()
    expect(problem?.fix).toMatch(fix)
    if (code.startsWith('SCHEMA_') || code === 'SELECTORS_NOT_LISTED') return
    const line = text.replace(right, wrong).split('\n')[(problem?.line ?? 0) - 1] ?? ''
    expect(line.includes(wrong.split(' ')[0] as string) || line.includes('fields') || /price|select/.test(line), line).toBe(true)
  })
})
