/** Archives and folders as strangers make them: taken, or refused by a code, with nothing of them in the message and nothing written. */
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { deflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InvalidInputError } from '../../core/errors/index.ts'
import { type ActivityEvent, coarserOf, poolRules } from '../../schemas/activity/index.ts'
import { type ZipFileSpec, zipOf } from '../../tests/support/zip.ts'
import { type Difference, LIMITS, type PoolOptions, previewExport, readExport } from './index.ts'

const options: PoolOptions = { rules: poolRules.parse({}), key: new Uint8Array(32).fill(1), nowMs: Date.UTC(2026, 0, 1) }
const WATCH = 'Takeout/YouTube and YouTube Music/history/watch-history.json'
const rows = (count: number): string =>
  JSON.stringify(
    Array.from({ length: count }, (_, i) => ({
      header: 'YouTube',
      title: `Watched film ${i}`,
      titleUrl: `https://www.youtube.com/watch?v=vid${String(i).padStart(8, '0')}`,
      time: '2024-03-09T14:25:36Z',
      products: ['YouTube'],
    })),
  )
const good: ZipFileSpec = { name: WATCH, data: rows(20) }
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-pool-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let made = 0
async function zip(files: ZipFileSpec[], bytes = zipOf(files)): Promise<string> {
  const where = path.join(folder, `${made++}.zip`)
  await writeFile(where, bytes)
  return where
}
async function refusal(where: string, more: Partial<PoolOptions> = {}): Promise<{ code: string; message: string }> {
  try {
    await previewExport(where, { ...options, ...more })
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    return { code: error.code, message: error.message }
  }
  return { code: 'none', message: '' }
}

it('reads a zip, the folder it was, and one file of it alike', async () => {
  const inZip = await previewExport(await zip([good, { name: 'Takeout/Google Photos/a.jpg', data: 'JPEG' }]), options)
  const root = path.join(folder, 'unpacked')
  await mkdir(path.join(root, path.dirname(WATCH)), { recursive: true })
  await writeFile(path.join(root, WATCH), rows(20))
  const inFolder = await previewExport(root, options)
  const alone = await previewExport(path.join(root, WATCH), options)
  expect(inZip).toMatchObject({
    source: 'google-takeout',
    parser: 'google-takeout@2',
    events: 20,
    kept: 20,
    dropped: 0,
    files: { read: 1, ignored: 1 },
    dateRange: { from: '2024-03-09', to: '2024-03-09' },
  })
  expect(inFolder.sample).toEqual(inZip.sample)
  expect(alone.sample).toEqual(inZip.sample)
  expect(inZip.left).toEqual({ types: { View: 20 }, fields: { name: 20, url: 20, time: 20, context: 20 } })
})

it('gives every event once, in one order, and the same ids for the same key only', async () => {
  const where = await zip([good, { name: 'Takeout/My Activity/YouTube/MyActivity.json', data: rows(20) }])
  const all = async (key: number): Promise<ActivityEvent[]> => {
    const events: ActivityEvent[] = []
    const tally = await readExport(where, { ...options, key: new Uint8Array(32).fill(key) }, ({ event }) => void events.push(event))
    expect(tally.dropped.get('duplicate')).toBe(20)
    return events
  }
  const [first, again, other] = [await all(1), await all(1), await all(2)]
  expect(first).toHaveLength(20)
  expect(again).toEqual(first)
  expect(first.map(({ id }) => id)).not.toEqual(other.map(({ id }) => id))
})

it('shows ten rows, or as many as are asked for, and hands over every one', async () => {
  const where = await zip([good])
  const all: string[] = []
  const onRow = async ({ after }: Difference): Promise<void> => void all.push(after.id)
  expect((await previewExport(where, { ...options, onRow })).difference).toHaveLength(3)
  const { difference } = await previewExport(where, { ...options, samples: 15 })
  expect(difference.map(({ after }) => after.id)).toEqual(all.slice(0, 15))
  expect([all.length, new Set(all).size]).toEqual([20, 20])
})

describe('a hostile archive is refused', () => {
  const link = { name: 'Takeout/link', data: '/etc/passwd', mode: 0o120777 }
  const cases: [code: string, what: string, files: ZipFileSpec[]][] = [
    ['UNSAFE_PATH', 'a path that climbs', [good, { name: '../SECRET.csv', data: 'x' }]],
    ['UNSAFE_PATH', 'an absolute path', [good, { name: '/etc/SECRET', data: 'x' }]],
    ['UNSAFE_PATH', 'a backslash', [good, { name: '..\\SECRET.csv', data: 'x' }]],
    ['UNSAFE_PATH', 'a drive', [good, { name: 'C:/SECRET.csv', data: 'x' }]],
    ['SYMLINK', 'a link', [good, link]],
    ['SYMLINK', 'a device', [good, { ...link, mode: 0o020666 }]],
    ['NESTED_ARCHIVE', 'an archive inside', [good, { name: 'Takeout/SECRET.zip', data: zipOf([good]) }]],
    ['ZIP_BOMB', 'zeros', [good, { name: 'Takeout/SECRET.json', data: Buffer.alloc(8 << 20) }]],
    ['BAD_ZIP', 'one name twice', [good, { ...good, data: rows(1) }]],
    ['ENCRYPTED', 'a password', [{ ...good, flags: 0x0801 }]],
    ['BAD_ZIP', 'another checksum', [{ ...good, claims: { crc: 1 } }]],
    ['ZIP_BOMB', 'more than it says', [{ ...good, claims: { size: 100 } }]],
    ['TOO_LARGE', 'a file of three gigabytes', [good, { name: 'Takeout/SECRET.json', data: 'x', claims: { size: 3 * 2 ** 30 } }]],
  ]
  it.each(cases)('%s: %s', async (code, _what, files) => {
    const said = await refusal(await zip(files))
    expect(said.code).toBe(code)
    expect(said.message).not.toMatch(/SECRET|passwd|Takeout|undefined/)
    expect(said.message.length).toBeGreaterThan(20)
  })

  it('ZIP_BOMB: files that share their bytes', async () => {
    const bytes = zipOf([good, { name: 'Takeout/other.json', data: rows(20) }])
    // the second directory entry points at the first file
    bytes.writeUInt32LE(0, bytes.lastIndexOf(Buffer.from('504b0102', 'hex')) + 42)
    expect((await refusal(await zip([], bytes))).code).toBe('ZIP_BOMB')
  })

  it('TOO_MANY_FILES, TOO_LARGE: more than an export has', async () => {
    const many = Array.from({ length: 30 }, (_, i) => ({ name: `f${i}.json`, data: '[]' }))
    expect((await refusal(await zip(many), { limits: { ...LIMITS, entries: 20 } })).code).toBe('TOO_MANY_FILES')
    expect((await refusal(await zip([good]), { limits: { ...LIMITS, totalBytes: 1000 } })).code).toBe('TOO_LARGE')
  })

  it('TRUNCATED: cut anywhere, and never half an answer', async () => {
    const bytes = zipOf([good])
    for (const share of [0.1, 0.5, 0.9, 0.99])
      expect((await refusal(await zip([], bytes.subarray(0, bytes.length * share)))).code).toBe('TRUNCATED')
    const broken = Buffer.from(bytes)
    broken.fill(0x55, 120, 160)
    expect(['BAD_ZIP', 'ZIP_BOMB', 'BAD_JSON', 'TRUNCATED']).toContain((await refusal(await zip([], broken))).code)
  })
})

describe('a broken file is refused', () => {
  const json = rows(20)
  it.each<[string, string, string | Uint8Array]>([
    ['TRUNCATED', 'that ends in the middle of a row', json.slice(0, json.length - 40)],
    ['TRUNCATED', 'that ends between rows', json.slice(0, json.lastIndexOf('},') + 1)],
    ['BAD_JSON', 'with something behind its end', `${json}]`],
    ['BAD_JSON', 'with two commas', json.replace('},{', '},,{')],
    ['BAD_JSON', 'with a broken row', json.replace('"header":"YouTube",', '"header":"YouTube";')],
    ['BAD_ENCODING', 'in Latin-1', Buffer.from(json.replaceAll('film', 'f\u00efln'), 'latin1')],
    ['TOO_DEEP', 'of brackets', json.replace(/\]$/, `,${'['.repeat(100_000)}`)],
  ])('%s: %s', async (code, _what, data) => {
    expect((await refusal(await zip([{ name: WATCH, data }]))).code).toBe(code)
  })

  it('and one in UTF-16, or with a byte order mark, is read', async () => {
    for (const data of [Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(json, 'utf16le')]), Buffer.from(`\ufeff${json}`)])
      expect((await previewExport(await zip([{ name: WATCH, data }]), options)).kept).toBe(20)
  })

  it('and one of an account of the future is dropped row by row', async () => {
    const preview = await previewExport(await zip([{ name: WATCH, data: rows(5).replaceAll('2024-03', '2031-03') }]), options)
    expect(preview).toMatchObject({ events: 5, kept: 0, dropReasons: { 'bad-time': 5 }, dateRange: null })
  })
})

it('follows no link of a folder, opens no other archive, and says when nothing is there', async () => {
  const root = path.join(folder, 'linked')
  await mkdir(root)
  await writeFile(path.join(root, 'a.json'), rows(1))
  await symlink('/etc', path.join(root, 'etc'))
  expect((await refusal(root)).code).toBe('SYMLINK')
  await writeFile(path.join(folder, 'a.tgz'), Buffer.from('1f8b0800', 'hex'))
  expect((await refusal(path.join(folder, 'a.tgz'))).code).toBe('NOT_A_ZIP')
  expect((await refusal(path.join(folder, 'nothing'))).code).toBe('NOT_FOUND')
  expect((await refusal(await zip([{ name: 'readme.txt', data: 'hello' }]))).code).toBe('UNKNOWN_SOURCE')
  await writeFile(path.join(folder, 'raw.zip'), deflateRawSync('x'))
  expect((await refusal(path.join(folder, 'raw.zip'))).code).toBe('TRUNCATED')
})

it('refuses two services in one folder, and takes the one that is named', async () => {
  const both = await zip([
    good,
    {
      name: 'MyData/StreamingHistory_music_0.json',
      data: '[{"endTime":"2024-01-02 03:04","artistName":"a","trackName":"b","msPlayed":1}]',
    },
  ])
  expect((await refusal(both)).code).toBe('SEVERAL_SOURCES')
  expect(await previewExport(both, { ...options, only: 'spotify' })).toMatchObject({ source: 'spotify', kept: 1 })
})

it('obeys the rules of a pool', async () => {
  const where = await zip([good])
  const day = await previewExport(where, { ...options, rules: poolRules.parse({ time: 'day', fields: ['name'] }) })
  expect(day.sample[0]).toMatchObject({ time: '2024-03-09', object: { kind: 'video', name: 'film 0' } })
  expect(day.sample[0]?.object.url).toBeUndefined()
  expect([day.sample[0]?.context, (await previewExport(where, options)).sample[0]?.context]).toEqual([undefined, expect.any(String)])
  expect(await previewExport(where, { ...options, rules: poolRules.parse({ types: ['Listen'] }) })).toMatchObject({
    kept: 0,
    dropReasons: { 'not-in-rules': 20 },
  })
  expect(await previewExport(where, { ...options, rules: poolRules.parse({ from: '2024-03-10' }) })).toMatchObject({ kept: 0 })
  expect(await previewExport(where, { ...options, rules: poolRules.parse({ from: '2024-03-09', to: '2024-03-09' }) })).toMatchObject({
    kept: 20,
  })
})

it('offers no more than a pool takes, and less where its owner wants', async () => {
  const pool = {
    time: 'day' as const,
    placeDecimals: 1,
    types: ['View' as const, 'Listen' as const],
    fields: ['name' as const, 'url' as const],
  }
  const own = (rules: object) => coarserOf(poolRules.parse(rules), pool)
  expect(own({})).toMatchObject({ time: 'day', placeDecimals: 1, types: ['View', 'Listen'], fields: ['name', 'url'] })
  expect(own({ time: 'hour', placeDecimals: 0, types: ['View', 'Move'], fields: ['url', 'text'], from: '2024-03-10' })).toMatchObject({
    time: 'day',
    placeDecimals: 0,
    types: ['View'],
    fields: ['url'],
    from: '2024-03-10',
  })
  expect(own({ placeDecimals: null }).placeDecimals).toBeNull()
  expect(coarserOf(poolRules.parse({}), { ...pool, placeDecimals: null }).placeDecimals).toBeNull()
  expect(coarserOf(poolRules.parse({ time: 'day' }))).toEqual(poolRules.parse({ time: 'day' }))
})

it('writes nothing', async () => {
  const before = (await readdir(folder)).toSorted()
  await previewExport(path.join(folder, '0.zip'), options)
  expect((await readdir(folder)).toSorted()).toEqual(before)
})
