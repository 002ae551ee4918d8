import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { RetryableError } from '../errors/index.ts'
import { askAgain, defineProtocol, type Mesh } from './index.ts'

const echo = defineProtocol({
  id: '/quern/echo/1.0.0',
  query: z.strictObject({ word: z.string() }),
  reply: z.strictObject({ word: z.string() }),
  limits: { queryBytes: 256, replyBytes: 256, timeoutMs: 60_000, inboundStreams: 4 },
})

/** Fails with these codes, one a call, and answers after that; `waits` are the times that the calls were given. */
function meshOf(codes: string[]): { mesh: Pick<Mesh, 'ask'>; waits: (number | undefined)[] } {
  const waits: (number | undefined)[] = []
  const mesh: Pick<Mesh, 'ask'> = {
    ask: (_peer, _protocol, query, { timeoutMs } = {}) => {
      waits.push(timeoutMs)
      const code = codes.shift()
      return code === undefined ? Promise.resolve(query as never) : Promise.reject(new RetryableError(code, code))
    },
  }
  return { mesh, waits }
}

describe('asking again', () => {
  it('follows silence with a longer wait, the last one as long as the protocol allows', async () => {
    const { mesh, waits } = meshOf(['CALL_TIMEOUT', 'CALL_TIMEOUT'])
    expect(await askAgain(mesh, 'peer', echo, { word: 'x' })).toEqual({ word: 'x' })
    expect(waits).toEqual([5000, 15_000, 60_000])
  })

  it('gives up with the last silence', async () => {
    const { mesh, waits } = meshOf(Array.from({ length: 9 }, () => 'CALL_TIMEOUT'))
    await expect(askAgain(mesh, 'peer', echo, { word: 'x' })).rejects.toMatchObject({ code: 'CALL_TIMEOUT' })
    expect(waits).toHaveLength(3)
  })

  it('takes every other end for an answer', async () => {
    const { mesh, waits } = meshOf(['CALL_RESET'])
    await expect(askAgain(mesh, 'peer', echo, { word: 'x' })).rejects.toMatchObject({ code: 'CALL_RESET' })
    expect(waits).toHaveLength(1)
  })

  it('waits longer for what takes longer to carry, and asks once when that is all the time there is', async () => {
    const large = meshOf(['CALL_TIMEOUT'])
    await askAgain(large.mesh, 'peer', echo, { word: 'x' }, { bytes: 2_560_000 })
    expect(large.waits).toEqual([15_000, 25_000])
    const huge = meshOf(['CALL_TIMEOUT'])
    await expect(askAgain(huge.mesh, 'peer', echo, { word: 'x' }, { bytes: 16 << 20 })).rejects.toMatchObject({ code: 'CALL_TIMEOUT' })
    expect(huge.waits).toEqual([60_000])
  })
})
