import type { Clock } from '../../core/effects/index.ts'
import { RefusedError, UsageError } from '../../core/errors/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { OwnerAsked, OwnersVeto, OwnersWord, PoolNote } from '../../node/pool/offering/index.ts'
import { sha256Hex } from '../../schemas/wire/index.ts'
import { type Flags, print, printable, printJson, type Prompter, type Run, say, terminalPrompter } from '../program/index.ts'
import {
  aborted,
  hasSeed,
  isPrivateDao,
  isPublicMultiaddr,
  systemClock,
  systemEffects,
  unlessStopped,
  untilStopped,
} from '../wiring/index.ts'
import { factsOf, openPool, poolSession } from './pool-session.ts'

/** What a person has to answer in: whoever asked waits no longer. */
const ANSWER_MS = 120_000

export const run: Run = async (_args, flags) => {
  const { signal } = untilStopped()
  const asks = flags['ask'] === true
  if (asks && flags['releases'] === false) throw new UsageError('BAD_FLAG', '--no-releases refuses them all: leave out --ask')
  const prompter = asks ? terminalPrompter(signal) : undefined
  if (asks && prompter === undefined) throw new UsageError('UNATTENDED', 'nobody is at a terminal to be asked; leave out --ask')
  const session = await poolSession(flags)
  if (!hasSeed(session.home)) throw new RefusedError('NOTHING_OFFERED', `nothing was offered from ${session.home}`)
  const facts = await factsOf(session, signal)
  await using home = await openPool(session, facts.ledger, flags)
  const { hasEnded, PoolBook, PoolNode } = await openPoolOffering()
  const isOurs = (note: PoolNote): boolean => note.manifest.custody === 'committee+owner' && note.salt !== null && !hasEnded(note)
  const waiting = (await PoolBook.open(home.kv)).all.filter(isOurs)
  if (waiting.length === 0)
    throw new RefusedError('NO_VETO', 'nothing that was offered from here is under your veto: "quern pool offer --veto" offers something')
  const veto: OwnersVeto = {
    rootSeed: home.seed,
    mayOpen: wordOf({ releases: flags['releases'] !== false, prompter, clock: systemClock, signal }),
    onAnswer: (asked, outcome) => sayAnswer(asked, outcome, flags),
  }
  await using node = await unlessStopped(
    PoolNode.start({
      ...systemEffects,
      mesh: home.mesh,
      storage: home.storage,
      files: home.files,
      kv: home.kv,
      signer: home.subject,
      logger: session.log.child('pool'),
      dao: session.dao,
      mayDial: isPrivateDao(session.dao) ? undefined : isPublicMultiaddr,
      signal,
      veto,
    }),
    signal,
  )
  if (node === undefined) return
  say(`answering for ${waiting.map(({ cid }) => cid.toString()).join(', ')}; stop with Ctrl-C, and nobody opens it`)
  await aborted(signal)
}

interface Wording {
  releases: boolean
  /** Who is asked about each release; undefined: nobody, the consent decides. */
  prompter: Prompter | undefined
  clock: Pick<Clock, 'sleep'>
  signal: AbortSignal
}

/** The owner's word: one for each release order, however many chunks it asks for; tests go by the consent alone. */
export function wordOf({ releases, prompter, clock, signal }: Wording): (asked: OwnerAsked) => Promise<OwnersWord> {
  const said = new Map<string, Promise<'yes' | 'no'>>()
  // one question at a time
  let last: Promise<unknown> = Promise.resolve()
  return async ({ request, order }) => {
    if (request.role !== 'assembler' || order === null) return 'yes'
    if (!releases) return 'no'
    if (prompter === undefined) return 'yes'
    const key = sha256Hex(order.bytes)
    let word = said.get(key)
    if (word === undefined) {
      const { name, trainer, purposes } = order.value
      const question = `May ${trainer} have your data in the release ${name}, for ${purposes.join(', ')}?`
      word = last.then(async () => ((await prompter.yes(printable(question))) ? 'yes' : 'no'))
      last = word.catch(() => undefined)
      said.set(key, word)
    }
    const over = new AbortController()
    const late = clock.sleep(ANSWER_MS, AbortSignal.any([signal, over.signal])).then(
      () => 'unanswered' as const,
      () => 'no' as const,
    )
    // who leaves instead of answering has said nothing, which is no yes
    const answer = await Promise.race([word.catch(() => 'no' as const), late])
    over.abort()
    return answer
  }
}

/** One request and its answer, for machines; the mail is no chunk of events. */
export function answerFacts({ request, order, mail }: OwnerAsked, outcome: string) {
  const { at, by, role, purpose, epoch, indices, manifest } = request
  const release = order && { name: order.value.name, trainer: order.value.trainer }
  const chunks = indices.length - (mail ? 1 : 0)
  return { at, contribution: manifest.toString(), by, role, purpose, epoch, chunks, mail, release, outcome }
}

function sayAnswer(asked: OwnerAsked, outcome: string, flags: Flags): void {
  const facts = answerFacts(asked, outcome)
  if (flags['json'] === true) return printJson(facts)
  const { at, by, role, purpose, chunks, mail, release } = facts
  const when = new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')
  const what = outcome === 'ok' ? 'given' : `refused (${outcome})`
  const of = `${chunks} chunks${mail ? ' and your mail' : ''}`
  print(printable(`${when}  ${role}  ${purpose}  ${of}  ${what}  to ${by}${release ? `  for ${release.trainer}, ${release.name}` : ''}`))
}
