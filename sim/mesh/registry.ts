/** Who lives at which address in a world, and which connections stand. One registry per world. */
import { pair, type World } from '../world/index.ts'
import type { SimMesh } from './sim-mesh.ts'

/** One connection between two peers. A side leaves it at once when it hangs up; the other when it hears of it. */
export interface Connection {
  readonly number: number
  /** Peers that hold this connection for open. */
  readonly sides: Set<string>
}

export class Registry {
  readonly peers = new Map<string, SimMesh>()
  readonly #connections = new Map<string, Connection>()
  #next = 0

  static #all = new WeakMap<World, Registry>()

  static of(world: World): Registry {
    let registry = Registry.#all.get(world)
    if (registry === undefined) Registry.#all.set(world, (registry = new Registry()))
    return registry
  }

  /** The standing connection of a pair, or a new one: two who dial each other at once share one. */
  connection(a: string, b: string): Connection {
    const key = pair(a, b)
    let connection = this.#connections.get(key)
    if (connection === undefined) this.#connections.set(key, (connection = { number: this.#next++, sides: new Set() }))
    return connection
  }

  /** After this the pair's next dial makes a new connection. */
  retire(a: string, b: string, connection: Connection): void {
    const key = pair(a, b)
    if (this.#connections.get(key) === connection) this.#connections.delete(key)
  }
}
