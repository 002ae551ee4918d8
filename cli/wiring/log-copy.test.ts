/** An auditor without the operator's disk: the log of a DAO copied over HTTP while it is audited. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { MemoryStorage } from '../../core/storage/index.ts'
import { type LedgerFiles } from '../../dao/ledger/index.ts'
import { LogReader, type MemoryLogStore } from '../../dao/log/index.ts'
import { openHttp } from '../../dao/service/index.ts'
import { toHex, utf8 } from '../../schemas/wire/index.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { runCli } from '../../tests/support/run-cli.ts'
import { LedgerWorld, pages } from '../../tests/unit/ledger-world.ts'

let world: LedgerWorld
let store: MemoryLogStore
let folder: string
let earlier: { note: string; size: number }
beforeAll(async () => {
  world = new LedgerWorld()
  for (let epoch = 0; epoch < 2; epoch++) world.playEpoch(world.contributors.map((signer, i) => [signer, pages(`${i}-${epoch}`, 4)]))
  earlier = { note: world.note(), size: world.state.size }
  // more than one tile
  for (let i = 0; world.state.size < 300; i++) world.ok(world.operator, 'anchor', { target: `somewhere ${i}`, proof: new Uint8Array(32) })
  store = await world.store()
})
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-copy-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

type OnTheWay = (name: string, bytes: Uint8Array) => Uint8Array

interface Run {
  code: number
  report: {
    ok?: boolean
    size?: number
    epochs?: { root: string; matches: boolean }[]
    problems?: { where: string }[]
    error?: { code: string }
  }
  asked: string[]
}

/** The world's log behind a real server; `way` sees every file that is asked for, and may change it. */
async function auditOver(
  way: OnTheWay = (_name, bytes) => bytes,
  from: { world: LedgerWorld; store: MemoryLogStore } = { world, store },
  ...more: string[]
): Promise<Run> {
  const asked: string[] = []
  const passed = (name: string, bytes: Uint8Array | undefined): Uint8Array | undefined => {
    if (bytes === undefined) return undefined
    asked.push(name)
    return way(name, bytes)
  }
  const log = { read: async (name: string) => passed(name, await from.store.read(name)) }
  const files: LedgerFiles = { read: (cid) => passed(`files/${cid.toString()}`, from.world.files.read(cid)) }
  const http = await openHttp({
    state: () => from.world.state,
    log: (term) => (term === 0 ? { files: log, reader: new LogReader(from.store, from.world.state.size) } : undefined),
    term: () => 0,
    files,
    releases: path.join(folder, 'no-releases'),
    storage: new MemoryStorage(),
    clock: realClock,
    logger: silent,
  })
  const listening = await http.listen()
  try {
    const { code, json } = await runCli('ledger', 'audit', path.join(folder, 'log'), '--dao', listening.url, '--json', ...more)
    // what says where the log stands is asked in every run
    return { code, report: json()[0] as Run['report'], asked: asked.filter((name) => name !== 'checkpoint') }
  } finally {
    await listening[Symbol.asyncDispose]()
  }
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const here = () => runCli('ledger', 'audit', path.join(folder, 'log'), '--json')
const flipped = (bytes: Uint8Array, at = bytes.byteLength >> 1): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte))
/** In the last line before the signatures of a checkpoint. */
const inRoot = (bytes: Uint8Array): number => new TextDecoder().decode(bytes).indexOf('\n\n') - 10

it('computes the identical roots, asks for every file once, and leaves a copy that is audited by itself', async () => {
  const { code, report, asked } = await auditOver()
  expect(code).toBe(0)
  expect(report).toMatchObject({ ok: true, ledger: world.id, size: world.state.size, problems: [] })
  expect(report.epochs?.map(({ root, matches }) => [root, matches])).toEqual(world.state.results.map(({ root }) => [toHex(root), true]))
  expect(asked.length).toBeGreaterThan(20)
  expect(new Set(asked).size).toBe(asked.length)
  const alone = await here()
  expect([alone.code, alone.json()[0]]).toEqual([0, report])
  // a copy that is whole asks for nothing
  expect(await auditOver()).toEqual({ code: 0, report, asked: [] })
})

it.each([1, 9])('goes on where it was stopped after %i files', async (files) => {
  const { asked: all } = await auditOver()
  await rm(path.join(folder, 'log'), { recursive: true })
  let left = files
  const stopped = await auditOver((name, bytes) => {
    if (name === 'checkpoint' || left-- > 0) return bytes
    throw new Error('the line is cut')
  })
  expect(stopped).toMatchObject({ code: 1, report: { error: { code: 'HTTP_STATUS' } } })
  const rest = await auditOver()
  expect(rest.code).toBe(0)
  // the one that was cut is asked for again
  expect(rest.asked.length + stopped.asked.length).toBe(all.length + 1)
  expect(stopped.asked).toHaveLength(files + 1)
})

it.each([
  ['a hash tile', () => 'tile/0/000'],
  ['an entry bundle', () => 'tile/entries/001.p/44'],
  ['the epoch table', () => `files/${world.state.results[0]?.table.toString()}`],
  ['a manifest', () => `files/${[...world.state.batches.keys()][0]}`],
  ['the checkpoint', () => 'checkpoint'],
])('names %s of which one byte was flipped on the way, and does not keep it', async (_what, which) => {
  const name = which()
  const wrong = await auditOver((asked, bytes) =>
    asked === name ? flipped(bytes, name === 'checkpoint' ? inRoot(bytes) : undefined) : bytes,
  )
  expect(wrong.code).toBe(3)
  expect(wrong.report.problems?.map(({ where }) => where)).toContain(name)
  const right = await auditOver()
  expect(right).toMatchObject({ code: 0, report: { ok: true } })
  // the checkpoint is asked for in every run anyway
  expect([...right.asked, 'checkpoint']).toContain(name)
})

it('asks again for everything that no checkpoint of its own covers, where two files were wrong or the line broke besides', async () => {
  const wrong = ['tile/entries/000', 'tile/entries/001.p/44']
  const way: OnTheWay = (asked, bytes) => (wrong.includes(asked) ? flipped(bytes) : bytes)
  expect((await auditOver(way)).code).toBe(3)
  expect((await auditOver()).code).toBe(0)
  await rm(path.join(folder, 'log'), { recursive: true })
  const broken = await auditOver((asked, bytes) => {
    if (asked.startsWith('files/')) throw new Error('the line is cut')
    return bytes
  })
  expect(broken.report.error?.code).toBe('HTTP_STATUS')
  const bundle = path.join(folder, 'log', 'tile', 'entries', '000')
  await writeFile(bundle, flipped(await readFile(bundle)))
  expect([(await auditOver()).code, (await auditOver()).code]).toEqual([3, 0])
})

it('asks anew for what went bad where it lies', async () => {
  await auditOver()
  const spoil = async (name: string): Promise<void> => {
    const file = path.join(folder, 'log', name)
    await writeFile(file, flipped(await readFile(file)))
  }
  const table = `files/${world.state.results[0]?.table.toString()}`
  await spoil(table)
  expect(await auditOver()).toMatchObject({ code: 0, asked: [table] })
  await spoil('tile/0/000')
  expect((await auditOver()).report.problems?.map(({ where }) => where)).toEqual(['tile/0/000'])
  expect(await auditOver()).toMatchObject({ code: 0, asked: ['tile/0/000'] })
})

/** A history of the same ledger, by the same keys, of so many entries. */
function historyOf(name: string, size: number): LedgerWorld {
  const made = new LedgerWorld()
  made.playEpoch([[made.contributors[0]!, pages(name, 3)]])
  for (let i = 0; made.state.size < size; i++) made.ok(made.operator, 'anchor', { target: `${name} ${i}`, proof: new Uint8Array(32) })
  return made
}

it.each([
  ['within its last tile', 100, 150],
  ['beyond it', 300, 600],
  ['in an entry of as many', 100, 100],
])('refuses a log that was rewritten %s, and keeps what proves it', async (_where, size, then) => {
  const [first, second] = [historyOf('first', size), historyOf('second', then)]
  expect((await auditOver(undefined, { world: first, store: await first.store() })).code).toBe(0)
  const log = path.join(folder, 'log')
  const kept = await readFile(path.join(log, 'checkpoint'))
  const from = { world: second, store: await second.store() }
  for (let again = 0; again < 2; again++) {
    const rewritten = await auditOver(undefined, from)
    expect([rewritten.code, rewritten.report.error?.code]).toEqual([3, 'NOT_CONSISTENT'])
    expect(await readFile(path.join(log, 'checkpoint'))).toEqual(kept)
    // the copy is still the one that was verified
    expect((await here()).code).toBe(0)
  }
  const proof = path.join(log, 'conflicting.proof')
  expect(await readFile(proof, 'utf8')).toContain(second.note())
  const shown = await runCli('log', 'verify', log, '--proof', proof, '--since', path.join(log, 'checkpoint'), '--json')
  expect(shown).toMatchObject({ code: 3, err: expect.stringContaining('NOT_CONSISTENT') as string })
  // somebody on the way, who has not the log's key
  const note = utf8(second.note().replaceAll(/^(— .{20,}.{8})..../gm, '$1AAAA'))
  const forged = await auditOver((name, bytes) => (name === 'checkpoint' ? note : bytes), from)
  expect([forged.code, forged.report.error?.code]).toEqual([3, 'NOT_SIGNED'])
})

it.each(['tile/0/000', 'tile/entries/000'])(
  'keeps the proof of a rewritten log also where %s and the charter of the copy went bad',
  async (name) => {
    const [first, second] = [historyOf('first', 300), historyOf('second', 600)]
    expect((await auditOver(undefined, { world: first, store: await first.store() })).code).toBe(0)
    const log = path.join(folder, 'log')
    await rm(path.join(log, 'files', first.state.charterCid?.toString() ?? ''))
    const bytes = await readFile(path.join(log, name))
    await writeFile(path.join(log, name), bytes.with(bytes.length - 1, (bytes.at(-1) as number) ^ 1))
    const { code, report } = await auditOver(undefined, { world: second, store: await second.store() })
    expect([code, report.error?.code]).toEqual([3, 'NOT_CONSISTENT'])
    const proof = path.join(log, 'conflicting.proof')
    const shown = await runCli('log', 'verify', log, '--proof', proof, '--since', path.join(log, 'checkpoint'), '--json')
    expect(shown).toMatchObject({ code: 3, err: expect.stringContaining('NOT_CONSISTENT') as string })
  },
)

it('accuses nobody where the entry went bad that names the key', async () => {
  const [first, second] = [historyOf('first', 100), historyOf('second', 150)]
  expect((await auditOver(undefined, { world: first, store: await first.store() })).code).toBe(0)
  const bundle = path.join(folder, 'log', 'tile/entries/000.p/100')
  const bytes = await readFile(bundle)
  await writeFile(bundle, bytes.with(60, (bytes[60] as number) ^ 1))
  const { code, report } = await auditOver(undefined, { world: second, store: await second.store() })
  expect([code, report.error?.code]).toEqual([1, 'COPY_DAMAGED'])
})

it.each([
  ['root', /^(.*\n.*\n)./, '$1/'],
  ['size', /^(.*\n)100/, '$160'],
  ['size', /^(.*\n)100/, '$10'],
])('accuses nobody by a checkpoint that was damaged in its %s, and removes nothing', async (_, part, wrong) => {
  const [first, second] = [historyOf('first', 100), historyOf('second', 150)]
  expect((await auditOver(undefined, { world: first, store: await first.store() })).code).toBe(0)
  const kept = path.join(folder, 'log', 'checkpoint')
  const text = await readFile(kept, 'utf8')
  await writeFile(kept, text.replace(part, wrong))
  const { code, report } = await auditOver(undefined, { world: second, store: await second.store() })
  expect([code, report.error?.code]).toEqual([1, 'COPY_DAMAGED'])
  await writeFile(kept, text)
  expect((await here()).code).toBe(0)
})

it("leaves the log of a DAO's own service alone", async () => {
  await mkdir(path.join(folder, 'log'))
  await writeFile(path.join(folder, 'charter.cbor'), '')
  const { code, report } = await auditOver()
  expect([code, report.error?.code]).toEqual([2, 'NOT_A_COPY'])
})

it('asks a log that has grown for what is new, and for nothing else', async () => {
  const growing = new LedgerWorld()
  const play = (name: string): void => void growing.playEpoch([[growing.contributors[0]!, pages(name, 3)]])
  play('first')
  const first = await auditOver(undefined, { world: growing, store: await growing.store() })
  play('second')
  const second = await auditOver(undefined, { world: growing, store: await growing.store() })
  expect([first.code, second.code, second.report.epochs?.length]).toEqual([0, 0, 2])
  expect(second.asked.length).toBeGreaterThan(3)
  expect(second.asked.filter((name) => first.asked.includes(name))).toEqual([])
})

it('reads no more than a file may hold', async () => {
  const { code, report } = await auditOver((name, bytes) => (name === 'tile/0/000' ? new Uint8Array(bytes.byteLength + 1) : bytes))
  expect([code, report.problems?.[0]?.where]).toEqual([3, 'tile/0/000'])
})

it('brings no more in one run than it is told, and goes on in the next', async () => {
  const runs: Run[] = []
  do runs.push(await auditOver(undefined, undefined, '--max-bytes', '60000'))
  while (runs.at(-1)?.code !== 0 && runs.length < 20)
  expect(runs.slice(0, -1).map(({ code, report }) => [code, report.error?.code])).toEqual(runs.slice(1).map(() => [3, 'COPY_TOO_LARGE']))
  expect([runs.at(-1)?.code, runs.length > 1]).toEqual([0, true])
})

it('gives up no copy for a shorter log or another one, and says whose it is', async () => {
  await auditOver()
  const before = await readFile(path.join(folder, 'log', 'checkpoint'))
  const older = new LedgerWorld()
  older.playEpoch([[older.contributors[0]!, pages('older', 2)]])
  expect(older.id).toBe(world.id)
  const shorter = await auditOver(undefined, { world: older, store: await older.store() })
  expect([shorter.code, shorter.report.error?.code]).toEqual([3, 'LOG_SHORTER'])
  const other = new LedgerWorld({ charter: { nonce: 'ab' } })
  other.playEpoch([[other.contributors[0]!, pages('other', 2)]])
  const elsewhere = await auditOver(undefined, { world: other, store: await other.store() })
  expect([elsewhere.code, elsewhere.report.error?.code]).toEqual([3, 'OTHER_LEDGER'])
  expect(await readFile(path.join(folder, 'log', 'checkpoint'))).toEqual(before)
  const { json } = await runCli('ledger', 'audit', path.join(folder, 'log'), '--ledger', other.id, '--json')
  expect(json()[0]).toMatchObject({ ok: false })
})

it('shows of a copy that it only grew since an earlier checkpoint, with the tiles and by a proof alone', async () => {
  await auditOver()
  const [log, since, proof] = ['log', 'since', 'grown.proof'].map((name) => path.join(folder, name)) as [string, string, string]
  await writeFile(since, earlier.note)
  const verify = (...more: string[]) => runCli('log', 'verify', log, '--json', ...more)
  expect((await verify('--since', since)).json()).toMatchObject([{ ok: true, size: world.state.size, since: earlier.size }])
  const prove = await runCli('log', 'prove', '--from', String(earlier.size), '--log', log, '--out', proof, '--json')
  expect(prove.json()).toMatchObject([{ index: null, from: earlier.size, size: world.state.size, out: proof }])
  expect((await verify('--proof', proof, '--since', since)).json()).toMatchObject([{ ok: true, since: earlier.size }])

  // another history of as many entries
  const lines = earlier.note.split('\n')
  await writeFile(since, [lines[0], lines[1], toBase64(new Uint8Array(32)), ...lines.slice(3)].join('\n'))
  for (const more of [[], ['--proof', proof]])
    expect(await verify('--since', since, ...more)).toMatchObject({ code: 3, err: expect.stringContaining('NOT_CONSISTENT') as string })
  await writeFile(since, earlier.note.replace(`\n${earlier.size}\n`, `\n${earlier.size - 1}\n`))
  expect(await verify('--since', since, '--proof', proof)).toMatchObject({ code: 3, err: expect.stringContaining('OTHER_SIZE') as string })
  expect((await verify('--proof', proof)).code).toBe(1)
  // a newer one, which this copy cannot know
  await writeFile(since, earlier.note.replace(`\n${earlier.size}\n`, `\n${world.state.size + 1}\n`))
  expect(await verify('--since', since)).toMatchObject({ code: 1, err: expect.stringContaining('LOG_SHORTER') as string })
})
