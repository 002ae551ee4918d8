/** What a node keeps when its process dies: key, stores and its stream of chance. What the process had in memory is gone. */
import type { Kv, Random } from '../../core/effects/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { MemoryStorage, type MemorySwarm } from '../../core/storage/index.ts'
import { MemoryFiles } from '../../dao/follower/index.ts'
import { type LogStore, MemoryLogStore } from '../../dao/log/index.ts'
import { SimMesh } from '../mesh/index.ts'
import type { World } from '../world/index.ts'

export interface Home {
  name: string
  signer: Signer
  /** False for a home line: it dials out, nobody dials it. */
  listen: boolean
  random: Random
  storage: MemoryStorage
  files: MemoryFiles
  kv: Kv
  logStore: MemoryLogStore
}

/** One run of a node's process, from its start to its end or its crash. */
export interface Life {
  mesh: SimMesh
  kv: Kv
  logStore: LogStore
  crash(): void
}

export function homeOf(world: World, swarm: MemorySwarm, { name, signer, listen }: Pick<Home, 'name' | 'signer' | 'listen'>): Home {
  return {
    name,
    signer,
    listen,
    random: world.randomOf(name),
    storage: new MemoryStorage({ clock: world.clock, peer: signer.peer, swarm }),
    files: new MemoryFiles(),
    kv: new MemoryKv(),
    logStore: new MemoryLogStore(),
  }
}

/** A process over a home. After `crash` it writes nothing more, however far its code had come: as with SIGKILL, no promise of its stores settles. */
export function liveIn(world: World, { signer, listen, kv, logStore }: Home): Life {
  const mesh = new SimMesh({ world, peer: signer.peer, listen })
  let dead = false
  const gated = <T extends object>(store: T): T =>
    new Proxy(store, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]): unknown => (dead ? new Promise(() => {}) : (value.apply(target, args) as unknown))
      },
    })
  return {
    mesh,
    kv: gated(kv),
    logStore: gated(logStore),
    crash: () => {
      dead = true
      mesh.crash()
    },
  }
}
