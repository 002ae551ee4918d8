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
      return [said]
    },
    reconnect: async (holder) => void asked.push(`dial ${holder}`),
  })
  return { one: async () => (await read([cid]))[0], asked }
}

describe('reading a sealed chunk', () => {
  it('asks whoever did not answer once more, and then the next', async () => {
    const { one, asked } = reader({ a: ['down', 'down'], b: ['down', chunk] })
    expect(await one()).toEqual(chunk)
    expect(asked).toEqual(['a', 'dial a', 'a', 'b', 'dial b', 'b'])
  })

  it('passes by whoever lacks it or kept something else', async () => {
    expect(await reader({ a: [undefined], b: [Uint8Array.of(9)], c: [chunk] }).one()).toEqual(chunk)
  })

  it('says that it is gone only where everybody answered', async () => {
    expect(await reader({ a: [undefined], b: [undefined] }).one()).toBeUndefined()
    const some = await reader({ a: ['down', 'down'], b: [undefined] })
      .one()
      .catch((thrown: unknown) => thrown)
    expect(some).toBeInstanceOf(RejectedMessageError)
    expect(some).toMatchObject({ code: 'HOLDERS_AWAY' })
  })

  it('asks for the rest where an answer had no room for all, and whoever else has what this one lacks', async () => {
    const chunks = [1, 2, 3, 4].map((byte) => Uint8Array.of(byte))
    const asked: string[] = []
    const read = chunkReader({
      holders: ['a', 'b'],
      // a answers two at once, and has never had the last
      ask: async (holder, cids) => {
        asked.push(`${holder} ${cids.length}`)
        const had = cids.map((one) => chunks.find((bytes, i) => rawCid(bytes).equals(one) && (holder === 'b' || i < 3)))
        return holder === 'b' ? had : had.map((bytes, i) => (i < 2 ? (bytes ?? null) : null))
      },
      reconnect: async () => {},
    })
    expect(await read(chunks.map(rawCid))).toEqual(chunks)
    expect(asked).toEqual(['a 4', 'a 2', 'a 1', 'b 1'])
  })

  it('stops all where nobody answers', async () => {
    const none = await reader({ a: ['down', 'down'], b: ['down', 'down'] })
      .one()
      .catch((thrown: unknown) => thrown)
    expect(none).toBeInstanceOf(FatalError)
    expect(none).toMatchObject({ code: 'HOLDERS_AWAY' })
  })
})
