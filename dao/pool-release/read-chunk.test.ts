import { describe, expect, it } from 'vitest'
import { FatalError, RejectedMessageError } from '../../core/errors/index.ts'
import { rawCid } from '../../schemas/wire/index.ts'
import { chunkReader } from './read-chunk.ts'

const chunk = Uint8Array.of(1, 2, 3)
const cid = rawCid(chunk)

/** Holders that answer as they are told, the first answer first; `down` does not answer. */
function reader(says: Record<string, (Uint8Array | undefined | 'down')[]>) {
  const asked: string[] = []
  const read = chunkReader({
    holders: Object.keys(says),
    ask: async (holder) => {
      asked.push(holder)
      const said = says[holder]?.shift()
      if (said === 'down') throw new Error('nobody')
      return said
    },
    reconnect: async (holder) => void asked.push(`dial ${holder}`),
  })
  return { read, asked }
}

describe('reading a sealed chunk', () => {
  it('asks whoever did not answer once more, and then the next', async () => {
    const { read, asked } = reader({ a: ['down', 'down'], b: ['down', chunk] })
    expect(await read(cid)).toEqual(chunk)
    expect(asked).toEqual(['a', 'dial a', 'a', 'b', 'dial b', 'b'])
  })

  it('passes by whoever lacks it or kept something else', async () => {
    expect(await reader({ a: [undefined], b: [Uint8Array.of(9)], c: [chunk] }).read(cid)).toEqual(chunk)
  })

  it('says that it is gone only where everybody answered', async () => {
    expect(await reader({ a: [undefined], b: [undefined] }).read(cid)).toBeUndefined()
    const some = await reader({ a: ['down', 'down'], b: [undefined] })
      .read(cid)
      .catch((thrown: unknown) => thrown)
    expect(some).toBeInstanceOf(RejectedMessageError)
    expect(some).toMatchObject({ code: 'HOLDERS_AWAY' })
  })

  it('stops all where nobody answers', async () => {
    const none = await reader({ a: ['down', 'down'], b: ['down', 'down'] })
      .read(cid)
      .catch((thrown: unknown) => thrown)
    expect(none).toBeInstanceOf(FatalError)
    expect(none).toMatchObject({ code: 'HOLDERS_AWAY' })
  })
})
