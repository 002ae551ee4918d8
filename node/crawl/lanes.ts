/** Names that share a machine share a pace: one lane for each registrable domain, one for each address. One request at a time in each. */
import { getDomain } from 'tldts'
import type { Clock } from '../../core/effects/index.ts'

export class Lane {
  /** Nothing may be asked here before; Unix milliseconds. */
  nextAt = 0
  #isBusy = false
  readonly #line: (() => void)[] = []

  /** Waits for the lane to be free, then holds it until `leave`. Throws the signal's reason, holding nothing. */
  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (!this.#isBusy) {
      this.#isBusy = true
      return
    }
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        signal.removeEventListener('abort', give)
        resolve()
      }
      const give = (): void => {
        const at = this.#line.indexOf(turn)
        if (at !== -1) this.#line.splice(at, 1)
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', give, { once: true })
      this.#line.push(turn)
    })
  }

  leave(): void {
    const next = this.#line.shift()
    if (next === undefined) this.#isBusy = false
    else next()
  }
}

/** The lanes of a crawl, by name. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>()

  /** Of the registrable domain by the ICANN part of the public suffix list: whoever runs `github.io` feels all its subdomains together. */
  ofHost(hostname: string): Lane {
    return this.#lane(`domain ${getDomain(hostname) ?? hostname}`)
  }

  ofAddress(address: string): Lane {
    return this.#lane(`address ${address}`)
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name)
    if (lane === undefined) this.#lanes.set(name, (lane = new Lane()))
    return lane
  }
}

/** Enters lanes in their order (domains before addresses, so no two wait for each other), and waits until all may be used. */
export async function enterAll(lanes: readonly Lane[], notBefore: number, clock: Clock, signal: AbortSignal): Promise<void> {
  const held: Lane[] = []
  try {
    for (const lane of lanes) {
      await lane.enter(signal)
      held.push(lane)
    }
    const wait = Math.max(notBefore, ...lanes.map(({ nextAt }) => nextAt)) - clock.now()
    if (wait > 0) await clock.sleep(wait, signal)
  } catch (thrown) {
    for (const lane of held) lane.leave()
    throw thrown
  }
}
