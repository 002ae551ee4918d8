/** The command line as people and programs meet it: help, exit codes, one object or lines on stdout, words on stderr. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateKey } from '../core/identity/index.ts'
import { JournalChain, type JournalRow } from '../node/index.ts'
import { runCli } from '../tests/support/run-cli.ts'
import { contactOf } from './commands/contact.ts'
import { specs } from './commands/index.ts'
import { runProgram } from './program/index.ts'

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

/** Words of an example as a shell would split them. */
const wordsOf = (example: string): string[] =>
  [...example.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '').slice(1)

describe('examples', () => {
  /** These work until they are stopped, or for long; what they need is looked at before. */
  const long = new Set(['up', 'dao serve', 'site', 'sim'])
  const real = { cwd: process.cwd(), fetch: globalThis.fetch, env: { ...process.env } }
  beforeAll(async () => {
    await mkdir(at('examples'))
    process.chdir(at('examples'))
    process.env['QUERN_HOME'] = at('examples/home')
    // nobody outside is asked
    process.env['QUERN_HOSTS'] = 'example.org=127.0.0.1'
    globalThis.fetch = async () => {
      throw new TypeError('no network here')
    }
  })
  afterAll(() => {
    process.chdir(real.cwd)
    process.env = real.env
    globalThis.fetch = real.fetch
  })
  const complete = (example: string): string[] =>
    wordsOf(example.replace('did:key:z6Mk…', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'))

  it.each(specs.filter(({ name }) => !long.has(name)).map(({ name, example }) => [name, example] as const))(
    'of "%s" is whole, and with --json all that it prints is JSON',
    async (_name, example) => {
      const { code, json, err } = await runCli(...complete(example), '--json')
      // what it names is not here: that may be no, or a failure, but never wrong usage
      expect(code, err).not.toBe(2)
      expect(err).not.toMatch(/INTERNAL/)
      // and what is no success is told there too
      expect(json().length > 0 || code === 0, err).toBe(true)
    },
  )

  it.each(specs.filter(({ name }) => long.has(name)).map((spec) => [spec.name, spec] as const))(
    'of "%s" has every flag and argument',
    async (_name, spec) => {
      const taken: unknown[] = []
      const recorded = { ...spec, load: async () => ({ run: async (args: string[], flags: unknown) => void taken.push(args, flags) }) }
      expect(await runProgram('0', [recorded], complete(spec.example))).toBe(0)
      expect(taken).toHaveLength(2)
    },
  )

  it('of "up" and "crawl" tell a stranger’s site whom to ask, which sites of this machine need not be told', () => {
    for (const name of ['up', 'crawl']) expect(specs.find((spec) => spec.name === name)?.example).toContain(' --contact ')
    const contact = 'mailto:you@example.org'
    expect(contactOf({ contact }, ['https://example.org/'], {})).toBe(contact)
    expect(contactOf({}, [], {})).toBeUndefined()
    expect(contactOf({}, ['http://127.0.0.1:8000/', 'http://[::1]/', 'http://localhost/'], {})).toBeUndefined()
    expect(contactOf({}, ['http://docs.test/'], { 'docs.test': '127.0.0.1' })).toBeUndefined()
    for (const url of ['https://example.org/', 'http://10.0.0.1/', 'http://localhost.example/'])
      expect(() => contactOf({}, ['http://127.0.0.1/', url], {}), url).toThrow(/reach a person/)
    expect(() => contactOf({ contact: 'me' }, [], {})).toThrow(/takes an address/)
  })
})

describe('--json', () => {
  it.each(specs.map(({ name }) => [name] as const))('makes an error of "%s" one object on stdout', async (name) => {
    const { code, json, err } = await runCli(...name.split(' '), '--no-such-flag', '--json')
    expect(code).toBe(2)
    expect(json()).toEqual([{ error: { code: 'UNKNOWN_OPTION', message: expect.stringContaining('--no-such-flag') as string } }])
    expect(err).toContain('--no-such-flag')
  })

  it('takes no other format beside it', async () => {
    const { code, json } = await runCli('dataset', 'query', '--json', '--format', 'csv')
    expect([code, json()]).toMatchObject([2, [{ error: { code: 'BAD_FORMAT' } }]])
  })

  it('does so where there is no command', async () => {
    expect((await runCli('dataset', '--json')).code).toBe(2)
    expect((await runCli('grind', '--json')).json()).toMatchObject([{ error: { code: 'UNKNOWN_COMMAND' } }])
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
    [2, 'a crawl of somebody’s site without a contact', () => ['crawl', 'https://example.org', '--out', at('crawled-by')]],
    [2, 'a network over somebody’s site without a contact', () => ['up', 'https://example.org', '--home', at('up')]],
    [2, 'a copy of a log without a place', () => ['ledger', 'audit', '--dao', 'http://127.0.0.1:1']],
    [2, 'a proof of two things', () => ['log', 'prove', '1', '--from', '1']],
    [2, 'a page without its URL', () => ['extract', at('page.html')]],
    [2, 'a page to ask about that is none', () => ['may-fetch', 'example.org']],
    [2, 'a header that is none', () => ['may-fetch', 'https://example.org', '--header', 'x', '--robots', at('page.html')]],
    [1, 'a robots.txt that is not there', () => ['may-fetch', 'https://example.org', '--robots', at('absent.txt')]],
    [2, 'a contact that is no address', () => ['may-fetch', 'http://127.0.0.1:1/', '--contact', 'me', '--allow-private', '127.0.0.1']],
    [
      2,
      'a contact that no ledger takes',
      () => ['node', '--home', at('node'), '--dao', 'http://127.0.0.1:1', '--contact', 'a'.repeat(257)],
    ],
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

  it.each([
    [['charter', 'check'], '"quern dao init" writes one'],
    [['journal', 'verify'], "give a crawl's folder, or its journal"],
    [['dao', 'pool', 'open'], '"quern dao pool init" writes one'],
  ])('says what to do where %j cannot read its file', async (words, hint) => {
    const file = at('absent')
    expect((await runCli(...words, file)).err).toContain(`cannot read ${file}; ${hint}`)
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

  it('reads a saved page in the charset that it names, and its URL as evidence would', async () => {
    const page = PAGE.replace('<title>', '<meta charset="windows-1252"><title>')
      .replace('A mill</title>', 'Mühle</title>')
      .replace('<h1>A mill', '<h1>Mühle')
    await writeFile(at('latin.html'), Buffer.from(page, 'latin1'))
    const { json } = await runCli('extract', at('latin.html'), '--url', 'https://example.org/mill#top')
    expect(json()).toMatchObject([{ url: 'https://example.org/mill', title: 'Mühle' }])
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

describe('may-fetch', () => {
  const robots = 'User-agent: *\nDisallow: /private\nContent-Usage: /open/ train-ai=y\n\nUser-agent: GPTBot\nDisallow: /\n'
  const ask = async (url: string, ...more: string[]) => {
    await writeFile(at('robots.txt'), robots)
    return runCli('may-fetch', url, '--robots', at('robots.txt'), ...more)
  }

  it('names the deciding lines, and exits 3 when one answer is no', async () => {
    const closed = await ask('https://example.org/private/1')
    expect(closed.code).toBe(3)
    expect(closed.out).toContain('fetch  not allowed  robots.txt line 2: Disallow: /private')
    const open = await ask('https://example.org/other', '--json')
    expect([open.code, open.json()]).toEqual([
      0,
      [
        {
          url: 'https://example.org/other',
          fetch: { allowed: true, rule: null, line: null },
          train: {
            decision: 'unknown',
            allowed: true,
            signals: [{ source: 'ai agent robots.txt', value: 'gptbot: Disallow: /', line: 6 }],
          },
        },
      ],
    ])
    expect((await ask('https://example.org/other', '--profile', 'strict')).code).toBe(3)
    expect((await ask('https://example.org/other', '--agent', 'GPTBot')).code).toBe(3)
  })

  it('reads headers and the page that are given', async () => {
    const header = await ask('https://example.org/open/1', '--header', 'X: y', '--header', 'TDM-Reservation: 1', '--json')
    expect(header.code).toBe(3)
    expect(header.json()).toMatchObject([
      {
        train: {
          decision: 'deny',
          signals: [{ source: 'content-usage robots.txt', line: 3 }, { source: 'tdm-reservation header', line: null }, {}],
        },
      },
    ])
    await writeFile(at('noai.html'), '<html>\n<head>\n<meta name="robots" content="noai">')
    const page = await ask('https://example.org/open/1', '--html', at('noai.html'))
    expect([page.code, page.out.includes('robots meta line 3: noai')]).toEqual([3, true])
  })

  it('asks the site itself, a loopback one when it is allowed to, and for nothing else', async () => {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      const port = (server.address() as AddressInfo).port
      if (request.url === '/robots.txt') response.end(`User-agent: *\nLicense: http://127.0.0.1:${port}/rsl.xml\n`)
      else if (request.url === '/rsl.xml')
        response.end('<rsl><content url="/"><license><prohibits type="usage">ai-train</prohibits></license></content></rsl>')
      else response.writeHead(404).end()
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    try {
      const { port } = server.address() as AddressInfo
      const url = `http://127.0.0.1:${port}/page`
      const refused = await runCli('may-fetch', url)
      expect([refused.code, refused.err, asked]).toEqual([3, expect.stringContaining('NOT_ALLOWED'), []])
      const told = await runCli('may-fetch', url, '--allow-private', `127.0.0.1:${port}`, '--json')
      expect(told.code).toBe(3)
      expect(told.json()).toMatchObject([{ fetch: { allowed: true }, train: { decision: 'deny', signals: [{ source: 'rsl', line: 1 }] } }])
      expect(asked).toEqual(['/robots.txt', '/.well-known/tdmrep.json', '/ai.txt', '/rsl.xml'])
    } finally {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    }
  })

  it('answers line for line, bad ones too', async () => {
    const url = 'https://example.org/a'
    const lines = [
      JSON.stringify({ id: 'a', url, robots: 'User-agent: *\nDisallow: /a' }),
      '{"id":',
      JSON.stringify({ id: 3, url: 'mailto:x' }),
      JSON.stringify({ id: 4, url, headers: { 'Content-Usage': ['train-ai=y', 'search=n'] }, profile: 'strict' }),
      JSON.stringify({ id: 5, url, robots: 'x', robotsStatus: 503 }),
      JSON.stringify({ id: 6, url, profile: 'lenient' }),
      JSON.stringify({ id: 7, url, agent: '\u009b31m' }),
      '[]',
    ]
    await writeFile(at('asked.jsonl'), lines.join('\n'))
    const { code, out, json } = await runCli('may-fetch', at('asked.jsonl'), '--jsonl')
    expect(code).toBe(0)
    expect(out).toMatch(/^[\x20-\x7e\n]+$/)
    expect(json()).toEqual([
      { id: 'a', fetch: { allowed: false, rule: 'Disallow: /a', line: 2 }, train: { decision: 'unknown', allowed: true, signals: [] } },
      { id: null, error: { code: 'BAD_JSON', message: expect.any(String) } },
      { id: 3, error: { code: 'BAD_URL', message: expect.any(String) } },
      {
        id: 4,
        fetch: { allowed: true, rule: null, line: null },
        train: {
          decision: 'allow',
          allowed: true,
          signals: [{ source: 'content-usage header', value: 'train-ai=y, search=n', line: null }],
        },
      },
      { id: 5, fetch: { allowed: false, rule: null, line: null }, train: { decision: 'unknown', allowed: true, signals: [] } },
      { id: 6, error: { code: 'BAD_LINE', message: expect.any(String) } },
      { id: 7, error: { code: 'BAD_AGENT', message: expect.any(String) } },
      { id: null, error: { code: 'BAD_LINE', message: expect.any(String) } },
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

it('dao epoch says where a DAO is, and ends a phase in the name of its operator alone', async () => {
  const [made] = (await runCli('init', '--home', at('operator'), '--json')).json()
  await runCli('init', '--home', at('stranger'))
  const info = {
    ledger: `quern/${'a'.repeat(32)}`,
    operator: made?.['account'],
    operatorEntries: 3,
    size: 9,
    term: 0,
    addresses: [],
    checkpoint: null,
  }
  const taken: string[] = []
  const server = createServer((request, response) => {
    if (request.method !== 'POST') return void response.end(JSON.stringify({ ...info, epoch: { number: 2, phase: 'close' } }))
    taken.push(request.url ?? '')
    // another entry of the operator's came first, once
    if (taken.length > 1) response.writeHead(202).end('{}')
    else response.writeHead(422).end('{"code":"SEQUENCE_USED","detail":"taken"}')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  try {
    const { port } = server.address() as AddressInfo
    const epoch = (home: string, ...words: string[]) =>
      runCli('dao', 'epoch', ...words, '--http', `127.0.0.1:${port}`, '--home', at(home), '--json')
    expect((await epoch('stranger')).json()).toEqual([{ ledger: info.ledger, epoch: { number: 2, phase: 'close' }, size: 9 }])
    expect(await epoch('stranger', 'advance')).toMatchObject({ code: 3, err: expect.stringContaining('NOT_THE_OPERATOR') as string })
    expect(taken).toEqual([])
    expect((await epoch('operator', 'advance')).json()).toEqual([{ ledger: info.ledger, epoch: { number: 3, phase: 'gather' }, size: 9 }])
    expect(taken).toEqual(['/v1/entries', '/v1/entries'])
  } finally {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
})

it('ends quietly when its reader has seen enough', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  await writeFile(at('many.jsonl'), `${JSON.stringify({ id: 'x', url: 'https://example.org/', html: '' })}\n`.repeat(20_000))
  const script = `"${process.execPath}" "${main}" extract "${at('many.jsonl')}" --jsonl | head -n 1`
  const said = await new Promise<string>((resolve) => execFile('sh', ['-c', script], (_error, _out, err) => resolve(err)))
  expect(said).not.toContain('EPIPE')
})

describe('journal verify', () => {
  const row = (i: number): JournalRow => ({
    time: i,
    url: `http://a.example/${i}`,
    host: 'a.example',
    status: 200,
    outcome: 'KEPT',
    bytes: 1,
    ms: 2,
    depth: 0,
  })

  it('says that a crawl’s journal is whole and who signed it, and names the line that was changed', async () => {
    const signer = generateKey()
    const chain = new JournalChain(signer)
    const text = `${chain.line(row(1))}${chain.line(row(2))}${chain.seal()}`
    await mkdir(at('crawled'))
    await writeFile(at('crawled/journal.jsonl'), text)
    const right = await runCli('journal', 'verify', at('crawled'))
    expect(right).toMatchObject({ code: 0, out: `right: 3 lines, one chain\nthe first 3 are signed by ${signer.did}\n` })
    await writeFile(at('changed.jsonl'), text.replace('a.example/2', 'a.example/3'))
    const wrong = await runCli('journal', 'verify', at('changed.jsonl'), '--json')
    expect(wrong.code).toBe(3)
    expect(wrong.json()).toEqual([{ ok: false, line: 2, why: expect.any(String) as string }])
    expect(await runCli('journal', 'verify', at('nowhere'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('cannot read') as string,
    })
  })
})

it('crawl signs its journal with the account of the home, where there is one', async () => {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers['user-agent'])
    if (request.url === '/') response.setHeader('content-type', 'text/html').end(PAGE)
    else response.writeHead(404).end()
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  try {
    const { port } = server.address() as AddressInfo
    const crawl = (home: string, out: string, ...more: string[]) =>
      runCli(
        'crawl',
        `http://127.0.0.1:${port}/`,
        '--out',
        at(out),
        '--home',
        at(home),
        '--allow-private',
        `127.0.0.1:${port}`,
        '--delay',
        '0',
        '--workers',
        '0',
        ...more,
      )
    const [made] = (await runCli('init', '--home', at('crawler'), '--json')).json()
    const crawled = await crawl('crawler', 'signed', '--contact', 'mailto:you@example.org')
    expect(crawled.code, crawled.err).toBe(0)
    expect((await runCli('journal', 'verify', at('signed'), '--json')).json()).toMatchObject([{ ok: true, by: [made?.['account']] }])
    expect(new Set(asked)).toEqual(new Set(['QuernBot/1.0 (+mailto:you@example.org)']))
    expect((await crawl('nobody', 'unsigned')).code).toBe(0)
    expect((await runCli('journal', 'verify', at('unsigned'), '--json')).json()).toMatchObject([{ ok: true, by: [] }])
  } finally {
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
})

it('charter check --against says what a new version changes', async () => {
  const init = ['--home', at('dao-a'), '--contact', 'mailto:a@example.org', '--seeds', 'https://a.example/']
  await runCli('dao', 'init', ...init, '--out', at('before.yaml'))
  const before = await readFile(at('before.yaml'), 'utf8')
  await writeFile(at('after.yaml'), before.replace('https://a.example/', 'https://b.example/'))
  const check = await runCli('charter', 'check', at('after.yaml'), '--against', at('before.yaml'))
  expect(check.out).toContain('sources.seeds: ["https://a.example/"] -> ["https://b.example/"]')
  const [same] = (await runCli('charter', 'check', at('before.yaml'), '--against', at('before.yaml'), '--json')).json()
  expect(same).toMatchObject({ ok: true, changes: [] })
})
