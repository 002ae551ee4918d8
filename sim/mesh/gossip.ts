/**
 * Gossip by flooding: every judged message goes on to every connected subscriber. A second copy changes nothing at who gets it, so of a message
 * that a peer has, or that is under way to it, no further copy is made: gossipsub says as much with IDONTWANT, and most events would be copies.
 */
import { decodeMessage, encodeMessage, GOSSIP, Standing, type Topic, type Verdict } from '../../core/mesh/index.ts'
import { RejectedMessageError } from '../../core/errors/index.ts'
import type { World } from '../world/index.ts'
import type { Links } from './links.ts'

interface Subscription {
  topic: Topic
  receive: (message: unknown, from: string) => void
  judge: ((message: unknown, from: string) => Verdict | Promise<Verdict>) | undefined
}

interface Message {
  /** Author and its count: the same words said twice are two messages. */
  id: string
  author: string
  topic: string
  bytes: Uint8Array
  /** Who has it, or will when the copy under way arrives. */
  reached: Set<string>
}

export class Gossip {
  readonly #world: World
  readonly #links: Links
  readonly #peer: string
  readonly #find: (peer: string) => Gossip | undefined
  readonly #subscriptions = new Map<string, Subscription>()
  /** Message id to when we saw it; oldest first. */
  readonly #seen = new Map<string, number>()
  readonly #standing: Standing
  #closed = false
  #next = 0

  constructor(world: World, links: Links, peer: string, find: (peer: string) => Gossip | undefined) {
    this.#world = world
    this.#links = links
    this.#peer = peer
    this.#find = find
    this.#standing = new Standing(world.clock)
  }

  subscribe(topic: Topic, receive: Subscription['receive'], judge: Subscription['judge']): Disposable {
    const subscription = { topic, receive, judge }
    this.#subscriptions.set(topic.name, subscription)
    return {
      [Symbol.dispose]: () => {
        if (this.#subscriptions.get(topic.name) === subscription) this.#subscriptions.delete(topic.name)
      },
    }
  }

  publish(topic: Topic, words: unknown): void {
    const bytes = encodeMessage(topic, words)
    const message = { id: `${this.#peer}/${this.#next++}`, author: this.#peer, topic: topic.name, bytes, reached: new Set([this.#peer]) }
    this.#remember(message.id)
    this.#forward(message)
  }

  close(): void {
    this.#closed = true
    this.#subscriptions.clear()
  }

  /** Whether a message on this topic from that neighbour would be looked at. */
  hears(topic: string, neighbour: string): boolean {
    return this.#subscriptions.has(topic) && !this.#standing.graylisted(neighbour)
  }

  /** A message comes in from a neighbour, who need not be its author. */
  async hear(message: Message, neighbour: string): Promise<void> {
    const subscription = this.#subscriptions.get(message.topic)
    if (subscription === undefined || this.#standing.graylisted(neighbour) || !this.#remember(message.id)) return
    const { words, verdict } = await examine(subscription, message)
    if (this.#closed) return
    if (verdict === 'reject') this.#standing.reject(neighbour)
    if (verdict !== 'accept') return
    this.#forward(message)
    subscription.receive(words, message.author)
  }

  #forward(message: Message): void {
    const { reached, bytes } = message
    for (const peer of this.#links.peers()) {
      if (reached.has(peer) || !this.#find(peer)?.hears(message.topic, this.#peer)) continue
      if (this.#links.send(peer, `gossip ${message.id}`, bytes, () => void this.#find(peer)?.hear(message, this.#peer))) reached.add(peer)
    }
  }

  #remember(id: string): boolean {
    const now = this.#world.clock.now()
    for (const [old, at] of this.#seen) {
      if (now - at < GOSSIP.seenMs) break
      this.#seen.delete(old)
    }
    if (this.#seen.has(id)) return false
    this.#seen.set(id, now)
    return true
  }
}

async function examine({ topic, judge }: Subscription, { author, bytes }: Message): Promise<{ words: unknown; verdict: Verdict }> {
  try {
    const said = heard(topic, bytes)
    return { words: said, verdict: (await judge?.(said, author)) ?? 'accept' }
  } catch (thrown) {
    return { words: undefined, verdict: thrown instanceof RejectedMessageError ? 'reject' : 'ignore' }
  }
}

/** What everybody hears is decoded once, since every hearer gets the same bytes; nobody may change what it hears. */
const words = new WeakMap<Uint8Array, unknown>()

function heard(topic: Topic, bytes: Uint8Array): unknown {
  if (!words.has(bytes)) words.set(bytes, decodeMessage(topic, bytes))
  return words.get(bytes)
}
