/** Personal data on the command line: what a preview says, what it refuses, and lines redacted. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { activityEvent } from '../schemas/activity/index.ts'
import { runCli } from '../tests/support/run-cli.ts'
import { zipOf } from '../tests/support/zip.ts'

let folder: string
const at = (name: string): string => path.join(folder, name)
const CHAT =
  '01/02/2024, 10:00 - Ida: call me, 0171 1234567, Lindqvist\n01/02/2024, 10:01 - Bo Lindqvist: HIS WORDS\n13/02/2024, 10:01 - Bo Lindqvist: more\n'
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-pool-cli-'))
  await writeFile(at('chat.zip'), zipOf([{ name: 'WhatsApp Chat with Bo Lindqvist.txt', data: CHAT }]))
  await writeFile(at('evil.zip'), zipOf([{ name: '../SECRET', data: 'x' }]))
  await writeFile(at('diary.csv'), 'When,Note,Secret\n2024-03-01 10:20,ground wheat,nobody\n')
  await writeFile(at('rules.yaml'), 'time: day\nfields: [text]\n')
  await writeFile(at('names.txt'), 'Jane Doe\n@jane_d\n')
  await writeFile(
    at('detector.mjs'),
    "export const detector = { name: 'colours', version: '1', find: (text) => [...text.matchAll(/red/g)].map(({ index }) => ({ start: index, end: index + 3, kind: 'colour' })) }\n",
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('pool preview', () => {
  it('prints one object with what would be offered, and nothing of others', async () => {
    const before = await readdir(folder)
    const { code, out, json } = await runCli('pool', 'preview', at('chat.zip'), '--json')
    expect(code).toBe(0)
    const [preview] = json<{ sample: unknown[] }>()
    expect(preview).toMatchObject({
      source: 'whatsapp',
      parser: 'whatsapp@2',
      events: 3,
      kept: 1,
      dropped: 2,
      replaced: { person: 1, phone: 1 },
      dateRange: { from: '2024-02-01', to: '2024-02-01' },
      dropReasons: { 'other-person': 2 },
      left: { types: { Message: 1 } },
    })
    expect(preview?.sample.map((event) => activityEvent.parse(event))).toMatchObject([
      {
        type: 'Message',
        time: '2024-02-01T10:00:00Z',
        object: { kind: 'message', text: expect.stringMatching(/^call me, \[phone\], P\d$/) as string },
      },
    ])
    expect(out).not.toMatch(/HIS WORDS|Lindqvist|Ida|0171|anonym/)
    expect(await readdir(folder)).toEqual(before)
  })

  it('shows people what was before and after, and calls it pseudonymised', async () => {
    const { code, out } = await runCli('pool', 'preview', at('chat.zip'))
    expect(code).toBe(0)
    expect(out).toMatch(/- Message \| 2024-02-01T10:00:00.000Z \| call me, 0171 1234567, Lindqvist/)
    expect(out).toMatch(/\+ Message \| 2024-02-01T10:00:00Z \| call me, \[phone\], P\d/)
    expect(out).toContain('pseudonymised')
    expect(out).not.toMatch(/anonymous|HIS WORDS/)
  })

  it('refuses a hostile archive with a code and nothing of it', async () => {
    const { code, out, err, json } = await runCli('pool', 'preview', at('evil.zip'), '--json')
    expect(code).toBe(1)
    expect(json()).toMatchObject([{ error: { code: 'UNSAFE_PATH', message: expect.any(String) as string } }])
    expect(out + err).not.toMatch(/SECRET|\n\s+at /)
  })

  it('takes own columns, rules, and a detector of somebody’s own', async () => {
    const { code, json } = await runCli(
      'pool',
      'preview',
      at('diary.csv'),
      '--columns',
      'time=When,text=Note',
      '--rules',
      at('rules.yaml'),
      '--json',
    )
    expect(code).toBe(0)
    expect(json()).toMatchObject([
      { source: 'own', kept: 1, sample: [{ type: 'Post', time: '2024-03-01', object: { kind: 'thing', text: 'ground wheat' } }] },
    ])
    await writeFile(at('red.csv'), 'Note\na red barn\n')
    const seen = await runCli('pool', 'preview', at('red.csv'), '--columns', 'text=Note', '--detector', at('detector.mjs'), '--json')
    expect([seen.code, seen.json()[0]], seen.err).toMatchObject([
      0,
      { replaced: { colour: 1 }, sample: [{ object: { text: 'a [colour] barn' } }] },
    ])
    const eye = await runCli('pool', 'preview', at('diary.csv'), '--columns', '{"text":"Note"}', '--detector', at('absent.mjs'), '--json')
    expect([eye.code, eye.json()]).toMatchObject([1, [{ error: { code: 'BAD_DETECTOR' } }]])
  })

  it.each([
    [2, ['--columns', 'colour=Note']],
    [2, ['--columns', 'text=']],
    [2, ['--columns', '{']],
    [2, ['--source', 'diary']],
    [2, ['--dates', 'ymd']],
    [1, ['--time', 'minute']],
    [1, ['--place', '5']],
    [1, ['--rules', 'absent.yaml']],
    [1, []],
  ])('exits %i for %j', async (expected, more) => {
    const { code, err } = await runCli('pool', 'preview', at('diary.csv'), ...more)
    expect(code).toBe(expected)
    expect(err).toMatch(/\[[A-Z_]+\]/)
  })
})

describe('pool redact', () => {
  it('answers every line in order, a bad one with an error line', async () => {
    await writeFile(
      at('texts.jsonl'),
      ['{"id":"a","text":"mail jane@example.org, Jane Doe"}', '{"id":', '{"id":3,"text":"a red card 4111 1111 1111 1111"}'].join('\n'),
    )
    const { code, json } = await runCli(
      'pool',
      'redact',
      at('texts.jsonl'),
      '--jsonl',
      '--names',
      at('names.txt'),
      '--detector',
      at('detector.mjs'),
    )
    expect(code).toBe(0)
    expect(json()).toEqual([
      {
        id: 'a',
        text: 'mail [email], P1',
        spans: [
          { start: 5, end: 21, kind: 'email' },
          { start: 23, end: 31, kind: 'person' },
        ],
      },
      { id: null, error: { code: 'BAD_JSON', message: 'the line is not JSON' } },
      {
        id: 3,
        text: 'a [colour] card [card]',
        spans: [
          { start: 2, end: 5, kind: 'colour' },
          { start: 11, end: 30, kind: 'card' },
        ],
      },
    ])
  })

  it('takes a whole text as well', async () => {
    await writeFile(at('text.txt'), 'ring +49 170 1234567')
    expect((await runCli('pool', 'redact', at('text.txt'))).out).toBe('ring [phone]\n')
    expect((await runCli('pool', 'redact', at('text.txt'), '--json')).json()).toEqual([
      { text: 'ring [phone]', spans: [{ start: 5, end: 20, kind: 'phone' }] },
    ])
    expect((await runCli('pool', 'redact', at('absent.txt'))).code).toBe(1)
  })
})
