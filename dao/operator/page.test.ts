import { expect, it } from 'vitest'
import { logProtocol } from '../../core/mesh/index.ts'
import { encode, MAX_ENTRY_BYTES } from '../../schemas/wire/index.ts'
import { pageOf } from './page.ts'

it('fits its reply however large the entries are, and always gives one', () => {
  const large = Array.from({ length: 512 }, () => new Uint8Array(MAX_ENTRY_BYTES))
  const entries = pageOf(large)
  expect(entries.length).toBeGreaterThan(64)
  const reply = { status: 'ok' as const, checkpoint: 'x'.repeat(60_000), consistency: [], entries }
  expect(encode(logProtocol.reply.parse(reply)).byteLength).toBeLessThan(logProtocol.limits.replyBytes)
  expect(pageOf(large.slice(0, 1))).toHaveLength(1)
  const small = Array.from({ length: 512 }, () => new Uint8Array(300))
  expect(pageOf(small)).toHaveLength(512)
})
