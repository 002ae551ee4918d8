/** What every `Mesh` must do. Run on each implementation, so that what holds in the simulated world holds over TCP. */
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Clock } from '../../core/effects/index.ts'
import { defineProtocol, defineTopic, type Mesh, type Protocol, type Topic } from '../../core/mesh/index.ts'
import { eventually } from '../support/real-clock.ts'

/** Where a scenario happens. Meshes opened here are closed with it. */
export interface Lab {
  clock: Clock
  open(options?: { listen?: boolean }): Promise<Mesh>
}

/** Runs a scenario to its end, in whatever time the implementation lives in. */
export type InLab = (scenario: (lab: Lab) => Promise<void>) => () => Promise<void>

const limits = { queryBytes: 4096, replyBytes: 4096, timeoutMs: 60_000, inboundStreams: 4 }
const words = z.strictObject({ text: z.string() })
const echo = defineProtocol({ id: '/quern/echo/1.0.0', query: words, reply: words, limits })
/** The same protocol as a peer would have it that keeps no rule. */
const lawless = (changes: Partial<Protocol['limits']> = {}): Protocol =>
  defineProtocol({
    id: echo.id,
    query: z.any(),
    reply: z.any(),
    limits: { ...limits, queryBytes: 1 << 24, replyBytes: 1 << 24, ...changes },
  })

const news = defineTopic({ name: '/quern/test/news/1', message: z.strictObject({ text: z.string().max(64) }), maxBytes: 128 })
const anything: Topic = defineTopic({ name: news.name, message: z.any(), maxBytes: 1 << 16 })

async function pair(lab: Lab): Promise<[Mesh, Mesh]> {
  const [client, server] = [await lab.open({ listen: false }), await lab.open()]
  await client.connect(server.addresses())
  await eventually(() => server.peers().includes(client.peer), lab.clock)
  return [client, server]
}

/** A hub and some peers around it that listen nowhere; every one subscribed, every subscription known. */
async function star(lab: Lab, count: number, subscribe: (mesh: Mesh, index: number) => void): Promise<Mesh[]> {
  const hub = await lab.open()
  const rim = await Promise.all(Array.from({ length: count }, () => lab.open({ listen: false })))
  const all = [hub, ...rim]
  for (const [i, mesh] of all.entries()) subscribe(mesh, i)
  for (const mesh of rim) await mesh.connect(hub.addresses())
  return all
}

/** The code an attempt fails with, or `fine`. */
const outcome = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'fine',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )

export function meshCompliance(name: string, inLab: InLab): void {
  describe(`${name}: connections`, () => {
    it(
      'are told to both sides, and end for both',
      inLab(async (lab) => {
        const [client, server] = [await lab.open({ listen: false }), await lab.open()]
        const changes: string[] = []
        client.onPeer(({ peer, connected }) => changes.push(`client ${peer === server.peer} ${connected}`))
        server.onPeer(({ peer, connected }) => changes.push(`server ${peer === client.peer} ${connected}`))
        expect(await client.connect(server.addresses())).toBe(server.peer)
        await eventually(() => changes.length === 2, lab.clock)
        expect([client.peers(), server.peers()]).toEqual([[server.peer], [client.peer]])
        await client.disconnect(server.peer)
        await eventually(() => changes.length === 4 && server.peers().length === 0, lab.clock)
        expect(changes.toSorted()).toEqual(['client true false', 'client true true', 'server true false', 'server true true'])
        expect(client.peers()).toEqual([])
      }),
    )

    it(
      'are made once however often one asks',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        await client.connect(server.addresses())
        expect(client.peers()).toEqual([server.peer])
      }),
    )

    it(
      'stop telling a listener that was disposed',
      inLab(async (lab) => {
        const [client, server] = [await lab.open(), await lab.open()]
        const heard: string[] = []
        client.onPeer(({ peer }) => heard.push(peer))[Symbol.dispose]()
        await client.connect(server.addresses())
        expect(heard).toEqual([])
      }),
    )

    it(
      'are refused for bad addresses and absent peers',
      inLab(async (lab) => {
        const [client, server] = [await lab.open({ listen: false }), await lab.open()]
        const [address = ''] = server.addresses()
        expect(client.addresses()).toEqual([])
        for (const bad of [[], ['nonsense'], [address.replace(/\/p2p\/.*/, '')], [`${address}/nonsense`], ['']])
          expect(await outcome(client.connect(bad)), JSON.stringify(bad)).toBe('BAD_ADDRESS')
        expect(await outcome(server.connect([address]))).toBe('BAD_ADDRESS')
        const gone = await lab.open()
        const addresses = gone.addresses()
        await gone[Symbol.asyncDispose]()
        expect(await outcome(client.connect(addresses))).toBe('CONNECT_FAILED')
        const stop = new AbortController()
        stop.abort(new Error('changed my mind'))
        expect(await outcome(client.connect([address], { signal: stop.signal }))).toBe('changed my mind')
      }),
    )
  })

  describe(`${name}: calls`, () => {
    it(
      'run both ways over a connection that one side opened',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        server.handle(echo, async ({ text }, { peer }) => ({ text: `${text} for ${peer === client.peer}` }))
        client.handle(echo, async ({ text }, { peer }) => ({ text: `${text} back for ${peer === server.peer}` }))
        expect(await client.ask(server.peer, echo, { text: 'hello' })).toEqual({ text: 'hello for true' })
        expect(await server.ask(client.peer, echo, { text: 'hello' })).toEqual({ text: 'hello back for true' })
      }),
    )

    it(
      'carry frames up to their limits, byte for byte',
      inLab(async (lab) => {
        const MiB = 1 << 20
        const bulk = defineProtocol({
          id: '/quern/bulk/1.0.0',
          query: z.strictObject({ bytes: z.instanceof(Uint8Array) }),
          reply: z.strictObject({ bytes: z.instanceof(Uint8Array) }),
          limits: { queryBytes: 12 * MiB + 16, replyBytes: 12 * MiB + 16, timeoutMs: 60_000, inboundStreams: 4 },
        })
        const [client, server] = await pair(lab)
        server.handle(bulk, async ({ bytes }) => ({ bytes: bytes.toReversed() }))
        for (const size of [0, 1, 127, 128, 65_536, 5 * MiB, 12 * MiB]) {
          const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 31) & 255)
          const reply = await client.ask(server.peer, bulk, { bytes })
          expect(Buffer.compare(reply.bytes, bytes.toReversed()), `${size} bytes`).toBe(0)
        }
      }),
    )

    it(
      'wait their turn at the limit: sixty at once all get through, and never more than four run',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        let running = 0
        let most = 0
        const full = Promise.withResolvers<void>()
        server.handle(echo, async ({ text }) => {
          most = Math.max(most, ++running)
          // none ends before as many run as may, however slowly they come
          if (running === 4) full.resolve()
          await full.promise
          await lab.clock.sleep(2)
          running--
          return { text }
        })
        const replies = await Promise.all(Array.from({ length: 60 }, (_, i) => client.ask(server.peer, echo, { text: `${i}` })))
        expect(replies.map(({ text }) => text)).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`))
        expect(most).toBe(4)
      }),
    )

    it(
      'of a caller that does not wait its turn are refused above the limit, and the server stays well',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        const other = await lab.open({ listen: false })
        await other.connect(server.addresses())
        let running = 0
        let most = 0
        const go = Promise.withResolvers<void>()
        server.handle(echo, async ({ text }, { peer }) => {
          if (peer === other.peer) return { text }
          most = Math.max(most, ++running)
          await go.promise
          return { text }
        })
        const flood = Array.from({ length: 200 }, (_, i) =>
          outcome(client.ask(server.peer, lawless({ inboundStreams: 1000 }), { text: `${i}` })),
        )
        await eventually(() => most === 4, lab.clock)
        expect(await other.ask(server.peer, echo, { text: 'well?' })).toEqual({ text: 'well?' })
        const settled: string[] = []
        for (const call of flood) void call.then((code) => settled.push(code))
        await eventually(() => settled.length >= 100, lab.clock)
        go.resolve()
        const codes = await Promise.all(flood)
        expect(most).toBe(4)
        expect(new Set(codes)).toEqual(new Set(['fine', 'CALL_RESET']))
        expect(await client.ask(server.peer, echo, { text: 'again' })).toEqual({ text: 'again' })
      }),
    )

    it(
      'fail by name: not connected, not served, thrown',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        const stranger = await lab.open()
        expect(await outcome(client.ask(stranger.peer, echo, { text: 'x' }))).toBe('NOT_CONNECTED')
        expect(await outcome(client.ask('no peer id at all', echo, { text: 'x' }))).toBe('NOT_CONNECTED')
        expect(await outcome(client.ask(server.peer, echo, { text: 'x' }))).toBe('UNSUPPORTED_PROTOCOL')
        using _handler = server.handle(echo, async () => {
          throw new Error('a bug')
        })
        expect(await outcome(client.ask(server.peer, echo, { text: 'x' }))).toBe('CALL_RESET')
        server.handle(echo, () => {
          throw new Error('an immediate bug')
        })
        expect(await outcome(client.ask(server.peer, echo, { text: 'x' }))).toBe('CALL_RESET')
      }),
    )

    it(
      'are no longer served when the handler is disposed, and served by the later of two',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        const first = server.handle(echo, async () => ({ text: 'first' }))
        const second = server.handle(echo, async () => ({ text: 'second' }))
        first[Symbol.dispose]()
        expect(await client.ask(server.peer, echo, { text: 'x' })).toEqual({ text: 'second' })
        second[Symbol.dispose]()
        await eventually(async () => (await outcome(client.ask(server.peer, echo, { text: 'x' }))) === 'UNSUPPORTED_PROTOCOL', lab.clock)
      }),
    )

    it(
      'time out when nobody answers, and tell the server so',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        let told = false
        server.handle(
          echo,
          (_, { signal }) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                told = true
                reject(signal.reason as Error)
              })
            }),
        )
        expect(await outcome(client.ask(server.peer, echo, { text: 'x' }, { timeoutMs: 1500 }))).toBe('CALL_TIMEOUT')
        await eventually(() => told, lab.clock)
      }),
    )

    it(
      'end on the server side too when the time is over',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        const brief = defineProtocol({ ...echo, limits: { ...limits, timeoutMs: 2000 } })
        let told = false
        server.handle(brief, (_, { signal }) => {
          signal.addEventListener('abort', () => {
            told = true
          })
          return new Promise(() => {})
        })
        expect(await outcome(client.ask(server.peer, echo, { text: 'x' }))).toBe('CALL_RESET')
        expect(told).toBe(true)
      }),
    )

    it(
      'stop at the caller’s signal, under way or waiting',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        const begun = Promise.withResolvers<void>()
        let told = 0
        server.handle(echo, (_, { signal }) => {
          begun.resolve()
          signal.addEventListener('abort', () => told++)
          return new Promise(() => {})
        })
        const stop = new AbortController()
        const calls = Array.from({ length: 6 }, () => outcome(client.ask(server.peer, echo, { text: 'x' }, { signal: stop.signal })))
        await begun.promise
        stop.abort(new Error('enough'))
        expect(new Set(await Promise.all(calls))).toEqual(new Set(['enough']))
        expect(await outcome(client.ask(server.peer, echo, { text: 'x' }, { signal: stop.signal }))).toBe('enough')
        server.handle(echo, async ({ text }) => ({ text }))
        expect(await client.ask(server.peer, echo, { text: 'after' })).toEqual({ text: 'after' })
        await eventually(() => told > 0, lab.clock)
      }),
    )

    it(
      'that are ours to blame are not sent',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        server.handle(echo, async ({ text }) => ({ text }))
        expect(await outcome(client.ask(server.peer, echo, { text: 'x'.repeat(5000) }))).toBe('QUERY_TOO_LARGE')
        expect(await outcome(client.ask(server.peer, echo, { text: 7 } as never))).toBe('BAD_QUERY')
        expect(await outcome(client.ask(server.peer, echo, { text: 'x', more: 1 } as never))).toBe('BAD_QUERY')
      }),
    )

    it(
      'with queries too large, of the wrong shape or not plain data are reset unread',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        const seen: string[] = []
        server.handle(echo, async ({ text }) => {
          seen.push(text)
          return { text }
        })
        const bad: unknown[] = [
          { text: 'x'.repeat(100_000) },
          { text: 'x'.repeat(9 << 20) },
          { text: 7 },
          { text: 'x', more: 1 },
          null,
          [],
          'x',
        ]
        for (const query of bad) expect(await outcome(client.ask(server.peer, lawless(), query))).toBe('CALL_RESET')
        expect(seen).toEqual([])
        expect(await client.ask(server.peer, echo, { text: 'well' })).toEqual({ text: 'well' })
      }),
    )

    it(
      'with replies too large or of the wrong shape are the peer’s fault',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        let reply: unknown
        server.handle(lawless(), async () => reply)
        for (const [bad, code] of [
          [{ text: 'x'.repeat(100_000) }, 'TOO_LARGE'],
          [{ text: 'x'.repeat(9 << 20) }, 'TOO_LARGE'],
          [{ text: 7 }, 'BAD_REPLY'],
          [{ text: 'x', more: 1 }, 'BAD_REPLY'],
          [null, 'BAD_REPLY'],
        ] as const) {
          reply = bad
          expect(await outcome(client.ask(server.peer, echo, { text: 'x' }))).toBe(code)
        }
      }),
    )

    it(
      'whose handler breaks its own protocol are reset',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        let reply: unknown
        server.handle(echo, async () => reply as { text: string })
        for (const bad of [{ text: 'x'.repeat(100_000) }, { text: 7 }, undefined]) {
          reply = bad
          expect(await outcome(client.ask(server.peer, echo, { text: 'x' }))).toBe('CALL_RESET')
        }
      }),
    )

    it(
      'end when the connection does',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        const begun = Promise.withResolvers<void>()
        let told = false
        server.handle(echo, (_, { signal }) => {
          begun.resolve()
          signal.addEventListener('abort', () => {
            told = true
          })
          return new Promise(() => {})
        })
        const call = outcome(client.ask(server.peer, echo, { text: 'x' }))
        await begun.promise
        await server.disconnect(client.peer)
        expect(await call).toBe('CALL_RESET')
        await eventually(() => told && client.peers().length === 0, lab.clock)
        expect(await outcome(client.ask(server.peer, echo, { text: 'x' }))).toBe('NOT_CONNECTED')
        await client.connect(server.addresses())
        server.handle(echo, async ({ text }) => ({ text }))
        expect(await client.ask(server.peer, echo, { text: 'again' })).toEqual({ text: 'again' })
      }),
    )

    it(
      'end when a busy mesh is closed, on either side',
      inLab(async (lab) => {
        const [client, server] = await pair(lab)
        const begun = Promise.withResolvers<void>()
        let told = false
        server.handle(echo, (_, { signal }) => {
          begun.resolve()
          signal.addEventListener('abort', () => {
            told = true
          })
          return new Promise(() => {})
        })
        const calls = Array.from({ length: 8 }, () => outcome(client.ask(server.peer, echo, { text: 'x' })))
        await begun.promise
        await server[Symbol.asyncDispose]()
        await server[Symbol.asyncDispose]()
        expect(told).toBe(true)
        for (const code of await Promise.all(calls)) expect(['CALL_RESET', 'NOT_CONNECTED']).toContain(code)
        const [asker, answerer] = await pair(lab)
        answerer.handle(echo, () => new Promise(() => {}))
        const ours = Array.from({ length: 8 }, () => outcome(asker.ask(answerer.peer, echo, { text: 'x' })))
        await asker[Symbol.asyncDispose]()
        for (const code of await Promise.all(ours)) expect(['CALL_RESET', 'NOT_CONNECTED']).toContain(code)
        expect(await outcome(asker.ask(answerer.peer, echo, { text: 'x' }))).toBe('NOT_CONNECTED')
        expect(await outcome(asker.connect(answerer.addresses()))).toBe('NOT_CONNECTED')
        expect(await outcome(asker.publish(news, { text: 'x' }))).toBe('NOT_CONNECTED')
      }),
    )
  })

  describe(`${name}: gossip`, () => {
    it(
      'reaches peers that are not connected to its author, once each, with the author’s name',
      inLab(async (lab) => {
        const heard: string[][] = [[], [], [], []]
        const meshes = await star(lab, 3, (mesh, i) => mesh.subscribe(news, ({ text }, from) => heard[i]?.push(`${text} ${from}`)))
        const [, first] = meshes as [Mesh, Mesh, Mesh, Mesh]
        let round = 0
        await eventually(async () => {
          await first.publish(news, { text: `${++round}` })
          await lab.clock.sleep(100)
          return [0, 2, 3].every((i) => heard[i]?.includes(`${round} ${first.peer}`))
        }, lab.clock)
        expect(heard.flat().every((line) => line.endsWith(` ${first.peer}`))).toBe(true)
        expect(heard[1]).toEqual([])
        for (const i of [0, 2, 3]) expect(new Set(heard[i]).size).toBe(heard[i]?.length)
      }),
    )

    it(
      'is published in silence when nobody listens',
      inLab(async (lab) => {
        const alone = await lab.open()
        await alone.publish(news, { text: 'x' })
        alone.subscribe(news, () => {})
        await alone.publish(news, { text: 'x' })
        expect(await outcome(alone.publish(news, { text: 'x'.repeat(100) }))).toBe('BAD_MESSAGE')
        expect(await outcome(alone.publish({ ...anything, maxBytes: 128 }, { text: 'x'.repeat(200) }))).toBe('MESSAGE_TOO_LARGE')
      }),
    )

    it(
      'is delivered and forwarded as its judge says',
      inLab(async (lab) => {
        const heard: string[][] = [[], [], []]
        const judged: string[] = []
        const meshes = await star(lab, 2, (mesh, i) => {
          mesh.subscribe(
            news,
            ({ text }) => heard[i]?.push(text),
            i === 0
              ? async ({ text }) => {
                  judged.push(text)
                  if (text === 'throw') throw new Error('a judge with a bug')
                  return text === 'ignore' || text === 'reject' ? text : 'accept'
                }
              : undefined,
          )
        })
        const [, first] = meshes as [Mesh, Mesh, Mesh]
        await eventually(async () => {
          await first.publish(news, { text: 'hello' })
          await lab.clock.sleep(100)
          return (heard[2]?.length ?? 0) > 0
        }, lab.clock)
        for (const text of ['ignore', 'reject', 'throw']) await first.publish(news, { text })
        await eventually(async () => {
          await first.publish(news, { text: 'last' })
          await lab.clock.sleep(100)
          return judged.includes('throw') && heard[2]?.at(-1) === 'last' && heard[0]?.at(-1) === 'last'
        }, lab.clock)
        expect(judged).toEqual(expect.arrayContaining(['ignore', 'reject', 'throw', 'last']))
        for (const i of [0, 2]) expect(new Set(heard[i])).toEqual(new Set(['hello', 'last']))
      }),
    )

    it(
      'that breaks the rules costs its sender the hearing, and nobody else',
      inLab(async (lab) => {
        const heard: string[] = []
        const [hub, good, bad] = (await star(lab, 2, (mesh, i) => {
          mesh.subscribe(news, ({ text }) => i === 0 && heard.push(text))
        })) as [Mesh, Mesh, Mesh]
        const says = async (mesh: Mesh, text: string): Promise<boolean> => {
          await mesh.publish(news, { text })
          await lab.clock.sleep(100)
          return heard.includes(text)
        }
        for (const mesh of [good, bad]) await eventually(() => says(mesh, `first of ${mesh.peer.slice(-6)}`), lab.clock)
        for (const message of [{ text: 7 }, { text: 'x', more: 1 }, { text: 'x'.repeat(1000) }, null, 'x', []])
          await bad.publish(anything, message)
        let round = 0
        await eventually(async () => {
          round++
          const [badHeard, goodHeard] = await Promise.all([says(bad, `bad ${round}`), says(good, `good ${round}`)])
          return goodHeard && !badHeard
        }, lab.clock)
        expect(hub.peers().toSorted()).toEqual([good.peer, bad.peer].toSorted())
      }),
    )

    it(
      'stops with the subscription',
      inLab(async (lab) => {
        const heard: string[][] = [[], []]
        const subscriptions: Disposable[] = []
        const [, first] = (await star(lab, 1, (mesh, i) => {
          subscriptions.push(mesh.subscribe(news, ({ text }) => heard[i]?.push(text)))
        })) as [Mesh, Mesh]
        await eventually(async () => {
          await first.publish(news, { text: 'hello' })
          await lab.clock.sleep(100)
          return (heard[0]?.length ?? 0) > 0
        }, lab.clock)
        subscriptions[0]?.[Symbol.dispose]()
        const before = heard[0]?.length
        await first.publish(news, { text: 'unheard' })
        await lab.clock.sleep(200)
        expect(heard[0]?.length).toBe(before)
      }),
    )
  })
}
