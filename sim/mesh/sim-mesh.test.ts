import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { keyFromSeed } from '../../core/identity/index.ts'
import { defineProtocol, defineTopic } from '../../core/mesh/index.ts'
import { sha256, utf8 } from '../../schemas/wire/index.ts'
import { World } from '../world/index.ts'
import { SimMesh } from './index.ts'

const peerOf = (name: string): string => keyFromSeed(sha256(utf8(name))).peer
const echo = defineProtocol({
  id: '/quern/echo/1.0.0',
  query: z.strictObject({ word: z.string().max(64) }),
  reply: z.strictObject({ word: z.string().max(64) }),
  limits: { queryBytes: 256, replyBytes: 256, timeoutMs: 1000, inboundStreams: 4 },
})
const news = defineTopic({ name: '/quern/test/news/1', message: z.strictObject({ text: z.string().max(64) }), maxBytes: 128 })

/** A busy world: seven peers in a line, calls and gossip under loss. Gives its fingerprint and what was heard. */
async function history(seed: number): Promise<{ digest: string; heard: string[]; events: number }> {
  const world = new World({ seed, loss: 0.2, latencyMs: [5, 80] })
  const meshes = Array.from({ length: 7 }, (_, i) => new SimMesh({ world, peer: peerOf(`peer ${i}`) }))
  const heard: string[] = []
  for (const [i, mesh] of meshes.entries()) {
    mesh.handle(echo, async ({ word }) => ({ word }))
    mesh.subscribe(news, ({ text }) => heard.push(`${i} ${text} ${world.ageMs}`))
  }
  const run = async (mesh: SimMesh, i: number): Promise<void> => {
    const next = meshes[i + 1]
    if (next === undefined) return
    const peer = await mesh.connect(next.addresses())
    for (let n = 0; n < 10; n++) {
      await world.clock.sleep(world.random.int(50))
      await mesh.publish(news, { text: `${i}.${n}` })
      await mesh.ask(peer, echo, { word: `${n}` }).catch((error: { code: string }) => heard.push(error.code))
    }
  }
  await world.settle(Promise.all(meshes.map(run)))
  return { digest: world.digest(), heard, events: world.events }
}

describe('a simulated network', () => {
  it('replays event for event from one seed, and differs by seed', async () => {
    for (let seed = 1; seed <= 5; seed++) {
      const first = await history(seed)
      expect(first.events).toBeGreaterThan(200)
      expect(first.heard.length).toBeGreaterThan(50)
      expect(await history(seed), `seed ${seed}`).toEqual(first)
      expect((await history(seed + 100)).digest).not.toBe(first.digest)
    }
  })

  it('times out on a cut link, gives the connection up when it stays cut, and dials again when it heals', async () => {
    const world = new World({ seed: 1 })
    const [a, b] = ['a', 'b'].map((name) => new SimMesh({ world, peer: peerOf(name) })) as [SimMesh, SimMesh]
    b.handle(echo, async ({ word }) => ({ word }))
    await world.settle(a.connect(b.addresses()))
    world.network.block(a.peer, b.peer)
    await expect(world.settle(a.ask(b.peer, echo, { word: 'x' }))).rejects.toMatchObject({ code: 'CALL_TIMEOUT' })
    expect([a.peers(), b.peers()]).toEqual([[b.peer], [a.peer]])
    await world.run({ untilMs: world.ageMs + 31_000 })
    expect([a.peers(), b.peers()]).toEqual([[], []])
    await expect(world.settle(a.connect(b.addresses()))).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
    world.network.heal()
    await world.settle(a.connect(b.addresses()))
    expect(await world.settle(a.ask(b.peer, echo, { word: 'x' }))).toEqual({ word: 'x' })
  })

  it('lets a crashed peer come back under its name', async () => {
    const world = new World({ seed: 1 })
    const [a, b] = ['a', 'b'].map((name) => new SimMesh({ world, peer: peerOf(name) })) as [SimMesh, SimMesh]
    b.handle(echo, () => new Promise(() => {}))
    await world.settle(a.connect(b.addresses()))
    const call = a.ask(b.peer, echo, { word: 'x' })
    b.crash()
    await expect(world.settle(call)).rejects.toMatchObject({ code: 'CALL_RESET' })
    const again = new SimMesh({ world, peer: b.peer })
    again.handle(echo, async ({ word }) => ({ word: `${word} again` }))
    await world.settle(a.connect(again.addresses()))
    expect(await world.settle(a.ask(b.peer, echo, { word: 'x' }))).toEqual({ word: 'x again' })
  })

  it('makes one connection of two who dial each other at once', async () => {
    const world = new World({ seed: 1 })
    const [a, b] = ['a', 'b'].map((name) => new SimMesh({ world, peer: peerOf(name) })) as [SimMesh, SimMesh]
    const changes: string[] = []
    a.onPeer(({ connected }) => changes.push(`a ${connected}`))
    b.onPeer(({ connected }) => changes.push(`b ${connected}`))
    await world.settle(Promise.all([a.connect(b.addresses()), b.connect(a.addresses())]))
    await world.run()
    expect(changes.toSorted()).toEqual(['a true', 'b true'])
    expect(() => new SimMesh({ world, peer: a.peer })).toThrow(expect.objectContaining({ code: 'PEER_TAKEN' }))
  })
})
