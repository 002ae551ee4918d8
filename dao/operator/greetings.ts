/** Who said hello: where validators are, for who asks, and a seat for a validator that asks for one and may have it. */
import type { Logger } from '../../core/effects/index.ts'
import { verifyShaped } from '../../core/envelope/index.ts'
import { codeOf } from '../../core/errors/index.ts'
import { didFromPeer, type ValidatorStatement } from '../../schemas/wire/index.ts'
import type { KnownPeer, Outbox, Role } from '../follower/index.ts'
import { type LedgerState, mayBeSeated, seatedValidators } from '../ledger/index.ts'

export interface GreetingsOptions {
  state: () => LedgerState
  write: Outbox['write']
  logger: Logger
  onSeated: (account: string) => void
}

export interface Greeting {
  role: Role
  addresses: string[]
  seat: ValidatorStatement | null
}

/** Peers remembered by their hello; the least recent ones are forgotten, and say hello again when they need to. */
const MAX_KNOWN = 4096

export class Greetings {
  readonly #options: GreetingsOptions
  readonly #known = new Map<string, KnownPeer>()
  readonly #seating = new Set<string>()

  constructor(options: GreetingsOptions) {
    this.#options = options
  }

  /** Everyone who said hello since the start. */
  get known(): ReadonlyMap<string, KnownPeer> {
    return this.#known
  }

  async answer(peer: string, { role, addresses, seat }: Greeting) {
    const { state } = this.#options
    const did = didFromPeer(peer)
    this.#known.delete(did)
    if (this.#known.size >= MAX_KNOWN) this.#forgetOne()
    this.#known.set(did, { did, role, addresses: addresses.filter((address) => address.endsWith(`/p2p/${peer}`)) })
    if (seat !== null && seat.validator === did) this.#seat(seat)
    const seated = new Set(seatedValidators(state()).map((one) => one.statement.validator))
    const peers = [...this.#known.values()].filter((one) => seated.has(one.did))
    return { role: 'dao' as const, ledger: state().id, peers }
  }

  /** The least recent peer without a seat: a crowd of strangers must not make us forget where validators are. */
  #forgetOne(): void {
    const { validators } = this.#options.state()
    for (const did of this.#known.keys()) if (!validators.has(did)) return void this.#known.delete(did)
  }

  /** Beside the answer: the entry may wait for its turn longer than a call may. */
  #seat(statement: ValidatorStatement): void {
    const { state, write, logger, onSeated } = this.#options
    const account = statement.validator
    if (state().validators.has(account) || this.#seating.has(account) || mayBeSeated(state(), statement) !== undefined) return
    if (!verifyShaped(statement, 'validator', 'validator').ok) return
    this.#seating.add(account)
    void write('roster', { add: [statement], remove: [] }, { key: `seat/${account}` })
      .then(() => onSeated(account))
      .catch((error: unknown) => logger.warn('seat-refused', { account, code: codeOf(error) }))
      .finally(() => this.#seating.delete(account))
  }
}
