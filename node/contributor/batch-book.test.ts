import { expect, it } from 'vitest'
import { type Logger, silent } from '../../core/effects/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { encode } from '../../schemas/wire/index.ts'
import { BatchBook } from './batch-book.ts'

const MIB = 1 << 20

it('reads again whatever frontier it kept, the first URLs of one that is too large', async () => {
  const kv = new MemoryKv()
  const book = await BatchBook.open(kv)
  const urls = Array.from({ length: 40_000 }, (_, i) => `http://a.example/${i}/${'x'.repeat(2000)}`)
  await book.keepFrontier(urls)
  const kept = await book.frontier()
  expect(kept.length).toBeGreaterThan(1000)
  expect(kept).toEqual(urls.slice(0, kept.length))
  expect((await kv.get('frontier'))?.byteLength).toBeLessThanOrEqual(16 * MIB)
})

it('keeps 50,000 URLs of ordinary length', async () => {
  const book = await BatchBook.open(new MemoryKv())
  await book.keepFrontier(Array.from({ length: 50_001 }, (_, i) => `http://a.example/${i}`))
  expect(await book.frontier()).toHaveLength(50_000)
})

it.each([
  ['TOO_LARGE', encode(Array.from({ length: 33 }, () => 'x'.repeat(2 * MIB)))],
  ['NOT_CBOR', new Uint8Array([0xff])],
  ['BAD_SHAPE', encode({ urls: [] })],
])('begins with an empty frontier where the kept one is %s, and says so', async (code, bytes) => {
  const said: unknown[] = []
  const logger: Logger = { ...silent, warn: (event, fields) => void said.push([event, fields]) }
  const kv = new MemoryKv()
  await kv.put('frontier', bytes)
  const book = await BatchBook.open(kv, logger)
  expect(await book.frontier()).toEqual([])
  expect(said).toEqual([['kept-list-unreadable', { name: 'frontier', bytes: bytes.byteLength, code }]])
  await book.keepFrontier(['http://a.example/'])
  expect(await book.frontier()).toEqual(['http://a.example/'])
})
