/** Twenty real peers in one process, over TCP on loopback: half listen, half only dial out; everybody hears everybody, and everybody is asked. */
import { expect, it } from 'vitest'
import { z } from 'zod'
import { generateKey } from '../../core/identity/index.ts'
import { defineProtocol, defineTopic, type Mesh, openLibp2pMesh } from '../../core/mesh/index.ts'
import { eventually, realClock } from '../support/real-clock.ts'

const PEERS = 20
const echo = defineProtocol({
  id: '/quern/echo/1.0.0',
  query: z.strictObject({ text: z.string().max(64) }),
  reply: z.strictObject({ text: z.string().max(64), by: z.string() }),
  limits: { queryBytes: 256, replyBytes: 256, timeoutMs: 120_000, inboundStreams: 8 },
})
const news = defineTopic({ name: '/quern/test/news/1', message: z.strictObject({ text: z.string().max(64) }), maxBytes: 128 })

const author = (words: string): string => words.slice(0, words.indexOf(' '))

it('gossips to every peer and calls over every connection', async () => {
  await using opened = new AsyncDisposableStack()
  const heard = Array.from({ length: PEERS }, () => new Set<string>())
  const meshes: Mesh[] = []
  for (let i = 0; i < PEERS; i++) {
    const listen = i % 2 === 0 ? ['/ip4/127.0.0.1/tcp/0'] : []
    const mesh = opened.use(
      await openLibp2pMesh({ signer: generateKey(), clock: realClock, listen, privateNetwork: true, topics: [news.name] }),
    )
    mesh.handle(echo, async ({ text }) => ({ text, by: mesh.peer }))
    mesh.subscribe(news, ({ text }) => heard[i]?.add(text))
    meshes.push(mesh)
  }
  // each dials the three listeners before it: a connected graph in which nobody has all the others as neighbours
  for (const [i, mesh] of meshes.entries())
    for (const other of meshes.slice(Math.max(0, i - 6), i)) if (other.addresses().length > 0) await mesh.connect(other.addresses())
  expect(meshes.every((mesh) => mesh.peers().length < PEERS - 1)).toBe(true)

  const knows = (i: number): Set<string> => new Set([...(heard[i] ?? [])].map(author))
  let round = 0
  await eventually(
    async () => {
      round++
      const unheard = [...meshes.entries()].filter(([i]) => meshes.some((_, j) => i !== j && !knows(j).has(`${i}`)))
      await Promise.all(unheard.map(([i, mesh]) => mesh.publish(news, { text: `${i} in round ${round}` })))
      await realClock.sleep(500)
      return meshes.every((_, j) => knows(j).size === PEERS - 1)
    },
    realClock,
    240_000,
  )

  await eventually(() => meshes.every((mesh) => mesh.peers().length > 0))
  const calls = meshes.flatMap((mesh) =>
    mesh.peers().map(async (peer) => ({ peer, reply: await mesh.ask(peer, echo, { text: mesh.peer }) })),
  )
  const replies = await Promise.all(calls)
  expect(replies.length).toBeGreaterThan(2 * PEERS)
  expect(replies.every(({ peer, reply }) => reply.by === peer)).toBe(true)
})
