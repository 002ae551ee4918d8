import { streamPair } from '@libp2p/utils'
import fc from 'fast-check'
import { varint } from 'multiformats'
import { expect, it } from 'vitest'
import { readFrame, writeFrame } from './frames.ts'

const { signal } = new AbortController()

function frameOf(bytes: Uint8Array): Uint8Array {
  const prefix = varint.encodeTo(bytes.byteLength, new Uint8Array(varint.encodingLength(bytes.byteLength)))
  return Uint8Array.from([...prefix, ...bytes])
}

it('gives back what was written', async () => {
  const [ours, theirs] = await streamPair()
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i & 255)
  const [read] = await Promise.all([readFrame(theirs, { maxBytes: 1000, signal }), writeFrame(ours, bytes, signal)])
  expect(read).toEqual(bytes)
})

it('gives back the frame however it was cut, with or without waiting for room', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.nat(305), { maxLength: 8 }),
      fc.boolean(),
      async (bytes, cuts, waits) => {
        const [ours, theirs] = await streamPair()
        const reserve = waits ? async (): Promise<void> => new Promise((resolve) => void setImmediate(resolve)) : undefined
        const read = readFrame(theirs, { maxBytes: 300, signal, ...(reserve === undefined ? {} : { reserve }) })
        const whole = frameOf(bytes)
        const edges = [0, ...cuts.filter((cut) => cut < whole.byteLength), whole.byteLength].toSorted((a, b) => a - b)
        for (const [i, edge] of edges.entries()) if (i > 0) ours.send(whole.subarray(edges[i - 1], edge))
        await ours.close()
        expect(await read).toEqual(bytes)
        await theirs.close()
      },
    ),
    { numRuns: 60 },
  )
})

it.each<[string, Uint8Array, string]>([
  ['a claim above the limit', Uint8Array.of(101, 1), 'TOO_LARGE'],
  ['a length without an end', new Uint8Array(9).fill(0x80), 'BAD_FRAME'],
  ['a length with a needless byte', Uint8Array.of(0x81, 0x00, 1), 'BAD_FRAME'],
  ['bytes after the frame', Uint8Array.of(1, 7, 7), 'BAD_FRAME'],
  ['an end inside the length', Uint8Array.of(0x80), 'CALL_RESET'],
  ['an end inside the frame', Uint8Array.of(2, 7), 'CALL_RESET'],
  ['nothing', new Uint8Array(0), 'CALL_RESET'],
])('refuses %s', async (_, bytes, code) => {
  const [ours, theirs] = await streamPair()
  const read = readFrame(theirs, { maxBytes: 100, signal }).then(
    () => 'read',
    (error: { code: string }) => error.code,
  )
  if (bytes.byteLength > 0) ours.send(bytes)
  await ours.close()
  expect(await read).toBe(code)
})
