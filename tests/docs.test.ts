import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { specs } from '../cli/commands/index.ts'
import { settings } from '../cli/program/index.ts'
import { batchTopic, checkpointTopic, protocols, withdrawalTopic } from '../core/mesh/index.ts'
import { COLUMNS } from '../dao/release/index.ts'
import { CHECKS, payloads, PHASES } from '../schemas/wire/index.ts'

const root = path.resolve(import.meta.dirname, '..')
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8')

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending) && !name.includes('node_modules'))
    .map((name) => `${folder}/${name}`)
}

const pages = [...readdirSync(root).filter((name) => name.endsWith('.md')), ...filesBelow('docs', '.md')]
const sources = ['schemas', 'core', 'dao', 'node', 'validator', 'sim', 'cli'].flatMap((floor) =>
  filesBelow(floor, '.ts').filter((file) => !file.endsWith('.test.ts')),
)
const protocol = read('docs/PROTOCOL.md')
const commands = read('docs/COMMANDS.md')
const missingIn = (text: string, wanted: Iterable<string>): string[] => [...wanted].filter((one) => !text.includes(one))

/** `64 KiB`, `1 MiB`. */
const size = (bytes: number): string => (bytes >= 1 << 20 ? `${bytes / (1 << 20)} MiB` : `${bytes / 1024} KiB`)

it('names every protocol with its limits, and every topic', () => {
  for (const { id, limits } of protocols) {
    const row = protocol.split('\n').find((line) => line.startsWith(`| \`${id}\``)) ?? ''
    const said = row.split('|').slice(-5, -1)
    expect(
      said.map((cell) => cell.trim()),
      id,
    ).toEqual([size(limits.queryBytes), size(limits.replyBytes), `${limits.timeoutMs / 1000} s`, String(limits.inboundStreams)])
  }
  for (const topic of [checkpointTopic('<ledger id>'), batchTopic('<ledger id>'), withdrawalTopic('<ledger id>')])
    expect(protocol).toMatch(new RegExp(`\\| \`${topic.name}\` \\|.*\\| ${size(topic.maxBytes)} \\|`))
})

it('names every entry type with the fields of its payload, and no other', () => {
  const rows = new Map(
    protocol.split('\n').flatMap((line) => {
      const [, type, payload] = /^\| `([a-z.]+)`(?: \([A-Z]+\))? \| ([^|]+) \| [^|]+ \|$/.exec(line) ?? []
      return type !== undefined && payload !== undefined ? [[type, payload] as const] : []
    }),
  )
  for (const [type, shape] of Object.entries(payloads)) {
    const row = rows.get(type)
    expect(row, `a row for ${type}`).toBeDefined()
    expect(missingIn(row ?? '', Object.keys(shape.shape)), type).toEqual([])
  }
})

it('names every phase, check and column', () => {
  expect(missingIn(protocol, PHASES)).toEqual([])
  expect(CHECKS.filter((check) => !new RegExp(`\\b${check}\\b`).test(protocol))).toEqual([])
  const released = protocol.slice(protocol.indexOf('## 11.'), protocol.indexOf('## 12.'))
  expect(
    missingIn(
      released,
      COLUMNS.map(({ name }) => `\`${name}\``),
    ),
  ).toEqual([])
})

it('names every HTTP path', () => {
  const paths = filesBelow('dao/service/http', '.ts').flatMap((file) =>
    [...read(file).matchAll(/\bpath: '(\/[^']*)'/g)].map((match) => match[1] as string),
  )
  expect(paths.length).toBeGreaterThan(15)
  expect(
    missingIn(
      protocol.slice(protocol.indexOf('## 12.')),
      paths.map((one) => `\`${one}\``),
    ),
  ).toEqual([])
})

it('names every domain that something is signed or hashed under', () => {
  const domains = new Set(
    sources.flatMap((file) => {
      const text = read(file)
      const spelt = [...text.matchAll(/'(quern\/[a-z-]+\/v1)\\0/g)].map((match) => match[1] as string)
      const signed = [...text.matchAll(/(?:signObject|verifyShaped)\(\s*(?:[a-z.]+, )?'([a-z-]+)'/g)].map((match) => `quern/${match[1]}/v1`)
      return [...spelt, ...signed]
    }),
  )
  expect(domains.size).toBeGreaterThan(10)
  expect(missingIn(protocol, domains)).toEqual([])
})

it('points at every file of vectors', () => {
  const vectors = readdirSync(path.join(root, 'tests/vectors')).filter((name) => name.endsWith('.json'))
  expect(missingIn(protocol, vectors)).toEqual([])
})

it('names every command and setting', () => {
  const said = specs.map(({ name, args, hidden }) => (hidden === true || args === undefined ? `\`${name}\`` : `\`${name} ${args}\``))
  expect(missingIn(commands, said)).toEqual([])
  expect(
    missingIn(
      commands,
      Object.values(settings).map(({ env }) => `\`${env}\``),
    ),
  ).toEqual([])
})

it('speaks only of commands and flags that exist', () => {
  const leaves = new Map(specs.map((spec) => [spec.name, spec]))
  const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts)
  const wrong: string[] = []
  for (const page of pages) {
    const code = [...read(page).matchAll(/```sh\n([\s\S]*?)```|`([^`\n]+)`/g)].flatMap((match) => (match[1] ?? match[2] ?? '').split('\n'))
    for (const line of code) {
      const script = /\bnpm run (?:-s )?([a-z:]+)/.exec(line)?.[1]
      if (script !== undefined && !scripts.includes(script)) wrong.push(`${page}: npm run ${script}`)
      const said = /^(?:npm run -s quern -- |quern )([^#]*)/.exec(line.trim())?.[1]
      if (said === undefined || /^(dao|dataset|ledger|log|charter|--help)\s*$/.test(said)) continue
      const words = said.split(/\s+/)
      const spec = [3, 2, 1].map((n) => leaves.get(words.slice(0, n).join(' '))).find((found) => found !== undefined)
      const flags = new Set([
        ...(spec?.options ?? []).map(([flag]) => flag.split(' ')[0]),
        ...(spec?.settings ?? []).map((name) => settings[name].flag.split(' ')[0]),
        '--json',
        '--help',
      ])
      if (spec === undefined) wrong.push(`${page}: ${line}`)
      else for (const flag of words.filter((word) => word.startsWith('--'))) if (!flags.has(flag)) wrong.push(`${page}: ${line} (${flag})`)
    }
  }
  expect(wrong).toEqual([])
})

it('has no link that leads nowhere', () => {
  const broken: string[] = []
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      const [file = '', anchor] = (target as string).split('#')
      if (/^[a-z]+:/.test(file)) continue
      const aim = file === '' ? page : path.posix.join(path.posix.dirname(page), file)
      if (!existsSync(path.join(root, aim))) broken.push(`${page}: ${target}`)
      else if (anchor !== undefined && statSync(path.join(root, aim)).isFile() && !anchorsOf(read(aim)).includes(anchor))
        broken.push(`${page}: ${target}`)
    }
  }
  expect(pages.length).toBeGreaterThan(10)
  expect(broken).toEqual([])
})

it('names no file or folder of the repository that is not there', () => {
  // said to be where something will be
  const planned = ['schemas/activity', 'dao/consent']
  const wrong = pages.flatMap((page) =>
    [...read(page).matchAll(/`((?:schemas|core|dao|node|validator|sim|cli|tests|bench|scripts|tools|docker|stubs)\/[\w./-]+)`/g)].flatMap(
      ([, file]) => (existsSync(path.join(root, file as string)) || planned.includes(file as string) ? [] : [`${page}: ${file}`]),
    ),
  )
  expect(wrong).toEqual([])
})

function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

it('has a glossary of words that are sorted, said once and used', () => {
  const rows = read('docs/GLOSSARY.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| word') && !line.startsWith('| ---'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const words = rows.flatMap(([, word]) => (word as string).split(', '))
  expect(words.length).toBeGreaterThan(50)
  expect(new Set(words).size).toBe(words.length)
  const firsts = rows.map(([, word]) => (word as string).toLowerCase())
  expect(firsts).toEqual(firsts.toSorted((a, b) => (a < b ? -1 : 1)))
  for (const [, word, meaning] of rows) expect(meaning?.length, word).toBeGreaterThan(10)
  const everything = [...pages.filter((page) => page !== 'docs/GLOSSARY.md'), ...sources].map(read).join('\n').toLowerCase()
  expect(
    missingIn(
      everything,
      words.map((word) => word.toLowerCase()),
    ),
  ).toEqual([])
})

it('lists every decision in the index, and gives every dependency its reason', () => {
  const decisions = readdirSync(path.join(root, 'docs/decisions')).filter((name) => name !== 'README.md')
  expect(
    missingIn(
      read('docs/decisions/README.md'),
      decisions.map((name) => `(${name})`),
    ),
  ).toEqual([])
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>
  const names = [...Object.keys(dependencies ?? {}), ...Object.keys(devDependencies ?? {})]
  expect(
    missingIn(
      read('docs/decisions/dependencies.md'),
      names.map((name) => `\`${name}\``),
    ),
  ).toEqual([])
})
