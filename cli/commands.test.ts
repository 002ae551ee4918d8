/** The command line as people and programs meet it: help, exit codes, one object or lines on stdout, words on stderr. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../tests/support/run-cli.ts'
import { specs } from './commands/index.ts'

const PAGE = `<!doctype html><html lang="en"><title>A mill</title><article><h1>A mill</h1><p>${'The wheel turns and the stone grinds the grain into flour. '.repeat(12)}</p></article></html>`
let folder: string
const at = (name: string): string => path.join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-cli-'))
  await writeFile(at('page.html'), PAGE)
  await writeFile(at('not-yaml'), 'v: [1\n')
  await writeFile(at('escape.yaml'), 'v: 1\nname: "\\e]0;owned\\a"\n')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('help', () => {
  it.each(specs.map(({ name, example }) => [name, example] as const))('of "%s" has its example', async (name, example) => {
    const { code, out } = await runCli(...name.split(' '), '--help')
    expect(code).toBe(0)
    expect(out).toContain(`Example:\n  ${example}`)
    expect(out).toContain('--json')
  })

  it('of the whole names every command, and the version is one line', async () => {
    const { code, out } = await runCli('--help')
    expect(code).toBe(0)
    const words = specs.filter(({ hidden }) => hidden !== true).map(({ name }) => name.split(' ')[0] as string)
    expect(words.filter((word) => !out.includes(word))).toEqual([])
    expect((await runCli('--version')).out.trim()).toBe('0.0.0-test')
  })
})

describe('exit codes', () => {
  it.each<[number, string, () => string[]]>([
    [2, 'no command', () => []],
    [2, 'an unknown command', () => ['grind']],
    [2, 'a group without a command', () => ['dataset']],
    [2, 'an unknown command of a group', () => ['dataset', 'burn']],
    [2, 'an unknown flag', () => ['init', '--colour', 'red']],
    [2, 'a flag without its value', () => ['init', '--home']],
    [2, 'a missing argument', () => ['crawl']],
    [2, 'a number that is none', () => ['sim', '--nodes', 'many']],
    [2, 'a negative number', () => ['ledger', 'show', '--limit=-1']],
    [2, 'an unknown log level', () => ['up', '--log-level', 'loud', '--home', at('up')]],
    [2, 'a bad address for HTTP', () => ['up', '--http', 'nowhere', '--home', at('up')]],
    [2, 'a seed that is no URL', () => ['up', 'ftp://example.org', '--home', at('up')]],
    [2, 'a role without a DAO', () => ['node', '--home', at('node')]],
    [2, 'a multiaddr without a peer', () => ['node', '--home', at('node'), '--dao', '/ip4/127.0.0.1/tcp/1']],
    [2, 'a bad address to listen on', () => ['validator', '--home', at('node'), '--dao', 'http://127.0.0.1:1', '--listen', 'here']],
    [2, 'a service without a charter', () => ['dao', 'serve', '--home', at('dao'), '--charter', at('absent.yaml')]],
    [2, 'a charter without a contact', () => ['dao', 'init', '--home', at('dao'), '--out', at('new.yaml')]],
    [2, 'a crawl without a place', () => ['crawl', 'https://example.org']],
    [2, 'a page without its URL', () => ['extract', at('page.html')]],
    [2, 'an entry that is no number', () => ['log', 'prove', 'first', '--home', at('none')]],
    [1, 'a DAO that does not answer', () => ['node', '--home', at('node'), '--dao', 'http://127.0.0.1:1']],
    [1, 'a file that is not there', () => ['extract', at('absent.html'), '--url', 'https://example.org/']],
    [1, 'a charter that is not there', () => ['charter', 'check', at('absent.yaml')]],
    [1, 'a home without a ledger', () => ['ledger', 'show', '--home', at('none')]],
    [1, 'a folder that is no log', () => ['ledger', 'explain', '--log', folder]],
    [1, 'a release that is not there', () => ['dataset', 'show', 'nothing', '--home', at('none')]],
    [3, 'a folder that is no release', () => ['dataset', 'verify', at('none')]],
    [3, 'a charter that is no YAML', () => ['charter', 'check', at('not-yaml')]],
    [3, 'a charter with nothing in it', () => ['dao', 'charter', 'check', at('escape.yaml')]],
  ])('%i for %s, with a code and no stack', async (expected, _what, argv) => {
    const { code, out, err } = await runCli(...argv())
    expect(code, err).toBe(expected)
    expect(out).toBe('')
    expect(err).toMatch(/\[[A-Z0-9_]+\]|error: |Usage: /)
    expect(err).not.toMatch(/\n\s+at |undefined|\[object/)
    // oxlint-disable-next-line no-control-regex
    expect(err).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
  })

  it('says the same to programs as one object on stdout', async () => {
    const { code, json } = await runCli('ledger', 'show', '--home', at('none'), '--json')
    expect(code).toBe(1)
    expect(json()).toMatchObject([{ error: { code: 'NO_LOG' } }])
  })
})

describe('extract', () => {
  it('gives one record of one page', async () => {
    const { code, json } = await runCli('extract', at('page.html'), '--url', 'https://example.org/mill')
    expect(code).toBe(0)
    expect(json()).toMatchObject([{ url: 'https://example.org/mill', title: 'A mill', language: 'en' }])
  })

  it('keeps the order of lines, and gives one error line for a bad one', async () => {
    const line = (id: string): string => JSON.stringify({ id, url: `https://example.org/${id}`, html: PAGE })
    await writeFile(
      at('pages.jsonl'),
      [line('a'), '{"id":"b"', JSON.stringify({ id: 'c', url: 'no url', html: PAGE }), line('d')].join('\n'),
    )
    const { code, json } = await runCli('extract', at('pages.jsonl'), '--jsonl')
    expect(code).toBe(0)
    const lines = json<{ id: string | null; record?: unknown; error?: { code: string } }>()
    expect(lines.map(({ id, record, error }) => [id, record !== undefined, error === undefined])).toEqual([
      ['a', true, true],
      [null, false, false],
      ['c', false, false],
      ['d', true, true],
    ])
  })
})

describe('starting a DAO', () => {
  it('writes a charter that it finds right, and never over another', async () => {
    for (const extra of [[], ['--local']]) {
      const out = at(`charter${extra.length}.yaml`)
      const init = ['dao', 'init', '--home', at('dao-init'), '--contact', 'mailto:crawl@example.org', '--out', out, ...extra]
      const made = await runCli(...init, '--json')
      expect(made.code, made.err).toBe(0)
      expect(await readFile(out, 'utf8')).toContain(String(made.json()[0]?.['operator']))
      const check = await runCli('charter', 'check', out, '--json')
      expect(check.code, check.err).toBe(0)
      expect(check.json()).toMatchObject([{ ok: true }])
      expect((await runCli(...init)).code).toBe(2)
    }
  })

  it('keeps one account for one home', async () => {
    const first = await runCli('init', '--home', at('init'), '--json')
    const second = await runCli('init', '--home', at('init'), '--json')
    expect(first.json()).toMatchObject([{ account: expect.stringMatching(/^did:key:z6Mk/) }])
    expect(second.json()).toEqual(first.json())
  })
})

it('ends quietly when its reader has seen enough', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  await writeFile(at('many.jsonl'), `${JSON.stringify({ id: 'x', url: 'https://example.org/', html: '' })}\n`.repeat(20_000))
  const script = `"${process.execPath}" "${main}" extract "${at('many.jsonl')}" --jsonl | head -n 1`
  const said = await new Promise<string>((resolve) => execFile('sh', ['-c', script], (_error, _out, err) => resolve(err)))
  expect(said).not.toContain('EPIPE')
})
