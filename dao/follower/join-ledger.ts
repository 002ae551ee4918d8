/** How every role stands in a ledger: a line to its DAO, the fold, an outbox, and a step after whatever happens. */
import type { Signer } from '../../core/identity/index.ts'
import { checkpointTopic } from '../../core/mesh/index.ts'
import { DaoLink, type DaoLinkOptions } from './dao-link.ts'
import { Follower, type FollowerOptions } from './follower.ts'
import { Outbox } from './outbox.ts'
import { Steps } from './steps.ts'

export interface JoinLedger extends Omit<DaoLinkOptions, 'addresses'>, Pick<FollowerOptions, 'files' | 'light' | 'hearMs'> {
  /** Multiaddrs of the DAO. */
  dao: string[]
  /** Signs our entries. */
  signer: Signer
  /** How often the log is asked for news besides gossip, and a step is taken besides news, in milliseconds. */
  pollMs: number
  /** The follower is there and has read nothing yet: what others may ask for meanwhile is served from here on. */
  onFollower: (follower: Follower) => void
}

export interface Joined {
  link: DaoLink
  outbox: Outbox
  /** Takes a step now and after whatever the log or gossip says; `hear` listens for what else is news. Gives what asks for one more. */
  begin: (step: () => Promise<void>, hear: (wake: () => void) => Disposable) => () => void
}

/** Dials the DAO and folds its log as far as it goes; what runs from `begin` on ends with the signal, and leaves with the stack. Rejects with what trying again does not mend. */
export async function joinLedger(options: JoinLedger, stack: AsyncDisposableStack): Promise<Joined> {
  const { mesh, kv, files, clock, logger, signal, dao, signer, light = false, hearMs, pollMs, onFollower } = options
  const link = await DaoLink.open({ ...options, addresses: dao })
  const { ledgerId, source, fetchFile, fetchFiles } = link
  const follower = new Follower({
    ledgerId,
    source,
    fetchFile,
    fetchFiles,
    files,
    clock,
    logger,
    light,
    ...(hearMs !== undefined && { hearMs }),
    signal,
  })
  onFollower(follower)
  await follower.catchUp()
  const nextN = (): number => follower.state.authors.get(signer.did) ?? 0
  const outbox = await Outbox.open({ ledgerId, signer, kv, submit: link.submit, clock, logger, nextN, signal })
  return {
    link,
    outbox,
    begin(step, hear) {
      const steps = stack.use(new Steps({ step, clock, logger, signal, everyMs: pollMs }))
      const wake = (): void => steps.wake()
      stack.use(follower.onAdvance(wake))
      stack.use(mesh.subscribe(checkpointTopic(ledgerId), ({ note }) => follower.hear(note)))
      stack.use(hear(wake))
      void follower.run({ everyMs: pollMs })
      wake()
      return wake
    },
  }
}

/** What ends a role: by itself, or with the signal it was given. */
export function stopWith(signal: AbortSignal | undefined): AbortController {
  const stop = new AbortController()
  if (signal?.aborted) stop.abort(signal.reason)
  else signal?.addEventListener('abort', () => stop.abort(signal.reason), { once: true, signal: stop.signal })
  return stop
}
