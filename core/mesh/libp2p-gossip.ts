/** Gossip over gossipsub: decode and judge in its topic validators, deliver what they accepted. */
import { type GossipSub, type Message, TopicValidatorResult } from '@chainsafe/libp2p-gossipsub'
import type { PeerId } from '@libp2p/interface'
import { RejectedMessageError, toError } from '../errors/index.ts'
import type { Telemetry } from '../events/index.ts'
import { gossipJudged } from './events.ts'
import type { Topic, Verdict } from './mesh.ts'
import { decodeMessage, encodeMessage } from './messages.ts'
import type { Standing } from './standing.ts'

interface Subscription {
  topic: Topic
  receive: (message: unknown, from: string) => void
  judge: ((message: unknown, from: string) => Verdict | Promise<Verdict>) | undefined
}
type Validator = (neighbour: PeerId, message: Message) => Promise<TopicValidatorResult>

const RESULT: Record<Verdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/** Topics without a subscription of ours are ignored: gossipsub would keep their messages in its cache. */
class Validators extends Map<string, Validator> {
  override get(topic: string): Validator {
    return super.get(topic) ?? (async () => TopicValidatorResult.Ignore)
  }
}

export class Libp2pGossip {
  readonly #pubsub: GossipSub
  readonly #standing: Standing
  readonly #telemetry: Telemetry
  readonly #subscriptions = new Map<string, Subscription>()
  /** What the validator decoded, for the delivery that follows. */
  readonly #words = new WeakMap<Message, unknown>()
  readonly #onMessage = (event: CustomEvent<Message>): void => this.#deliver(event.detail)

  constructor(pubsub: GossipSub, standing: Standing, telemetry: Telemetry) {
    this.#pubsub = pubsub
    this.#standing = standing
    this.#telemetry = telemetry
    pubsub.topicValidators = new Validators()
    pubsub.addEventListener('message', this.#onMessage)
  }

  subscribe(topic: Topic, receive: Subscription['receive'], judge: Subscription['judge']): Disposable {
    const subscription = { topic, receive, judge }
    this.#subscriptions.set(topic.name, subscription)
    this.#pubsub.topicValidators.set(topic.name, (neighbour, message) => this.#validate(subscription, neighbour, message))
    this.#pubsub.subscribe(topic.name)
    return {
      [Symbol.dispose]: () => {
        if (this.#subscriptions.get(topic.name) === subscription) this.#leave(topic.name)
      },
    }
  }

  async publish(topic: Topic, words: unknown): Promise<void> {
    await this.#pubsub.publish(topic.name, encodeMessage(topic, words))
  }

  close(): void {
    this.#pubsub.removeEventListener('message', this.#onMessage)
    for (const name of this.#subscriptions.keys()) this.#leave(name)
  }

  #leave(name: string): void {
    this.#subscriptions.delete(name)
    this.#pubsub.topicValidators.delete(name)
    this.#pubsub.unsubscribe(name)
  }

  async #validate({ topic, judge }: Subscription, neighbour: PeerId, message: Message): Promise<TopicValidatorResult> {
    const from = message.type === 'signed' ? message.from.toString() : ''
    let verdict: Verdict
    try {
      if (from === '') throw new RejectedMessageError('UNSIGNED', 'gossip is signed by its author')
      const words = decodeMessage(topic, message.data)
      this.#words.set(message, words)
      verdict = (await judge?.(words, from)) ?? 'accept'
    } catch (thrown) {
      verdict = thrown instanceof RejectedMessageError ? 'reject' : 'ignore'
      if (verdict === 'ignore') this.#telemetry.log.error('mesh.judge-failed', { topic: topic.name, error: toError(thrown).message })
    }
    if (verdict === 'reject') this.#standing.reject(neighbour.toString())
    gossipJudged(this.#telemetry, { topic, from, verdict })
    return RESULT[verdict]
  }

  #deliver(message: Message): void {
    const subscription = this.#subscriptions.get(message.topic)
    const words = this.#words.get(message)
    if (subscription === undefined || words === undefined || message.type !== 'signed') return
    try {
      subscription.receive(words, message.from.toString())
    } catch (thrown) {
      this.#telemetry.log.error('mesh.receiver-failed', { topic: message.topic, error: toError(thrown).message })
    }
  }
}
