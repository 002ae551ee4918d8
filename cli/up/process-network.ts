/** The same network with a process for each role, as on machines of their own: this one only starts, watches and stops them. */
import path from 'node:path'
import { FatalError } from '../../core/errors/index.ts'
import type { LedgerState } from '../../dao/ledger/index.ts'
import { charter, MAX_CHARTER_BYTES, parse, quorumOf } from '../../schemas/wire/index.ts'
import { operatorOf, replayFolder, storeCharter, systemClock } from '../wiring/index.ts'
import type { Ending } from './ending.ts'
import { type LocalCharterOptions, localCharter, numbered } from './local-charter.ts'
import { RoleProcess, startDaoProcess } from './role-process.ts'

export interface ProcessNetworkOptions extends LocalCharterOptions {
  home: string
  hosts: Record<string, string>
  /** host:port of the DAO's HTTP API. */
  http: string
  logLevel: string
  signal: AbortSignal
  onProgress: (who: string, progress: ProcessProgress) => void
  /** What a role says on stderr besides its progress. */
  onWords: (who: string, words: string) => void
  /** A contributor ended, and nobody had asked it to. */
  onLeave?: (who: string) => void
}

export type ProcessProgress =
  | { what: 'phase'; epoch: number; phase: string }
  | { what: 'released'; epoch: number; release: string }
  | { what: string; epoch: number; count: number }

export interface ProcessNetwork extends AsyncDisposable {
  url: string
  ledger: string
  addresses: string[]
  /** By name: `dao`, `validator-1`, `contributor-1`, … */
  roles: Map<string, RoleProcess>
  /** Account → name for people. */
  names: Map<string, string>
  /** The ledger as its published files say, once it has ended as `ending` tells. */
  until(ending: Ending): Promise<LedgerState>
}

const POLL_MS = 500
const LISTEN = '/ip4/127.0.0.1/tcp/0'

export async function startProcessNetwork(options: ProcessNetworkOptions): Promise<ProcessNetwork> {
  const { home, hosts, http, logLevel, onProgress, onWords, onLeave } = options
  await using stack = new AsyncDisposableStack()
  const fallen = new AbortController()
  const signal = AbortSignal.any([options.signal, fallen.signal])
  const roles = new Map<string, RoleProcess>()
  const names = new Map<string, string>()
  const folder = (name: string): string => path.join(home, name)
  const rules = localCharter(await operatorOf(folder('dao')), options)
  /** Without them no epoch becomes final. */
  const needed = quorumOf(parse(charter, rules, MAX_CHARTER_BYTES), options.validators)
  const gone = new Set<string>()
  const left = (role: 'contributor' | 'validator'): number =>
    options[`${role}s`] - [...gone].filter((name) => name.startsWith(`${role}-`)).length
  const common = (name: string): string[] => ['--home', folder(name), '--listen', LISTEN, '--log-level', logLevel, '--json']
  const onEnd = (name: string) => (code: number | null) => {
    onWords(name, `ended with ${code === null ? 'a signal' : `code ${code}`}`)
    if (name === 'dao') fallen.abort(new FatalError('DAO_ENDED', 'the process of the DAO ended'))
    gone.add(name)
    if (name.startsWith('contributor-')) onLeave?.(name)
    if (left('contributor') === 0 || left('validator') < needed)
      fallen.abort(
        new FatalError('ROLE_ENDED', `${left('contributor')} contributors and ${left('validator')} validators are left: too few`),
      )
  }

  const report = (name: string) => (line: Record<string, unknown>) => {
    const progress = progressOf(line)
    if (progress) onProgress(name, progress)
  }

  await storeCharter(folder('dao'), rules)
  const dao = await startDaoProcess({
    name: 'dao',
    argv: ['dao', 'serve', ...common('dao'), '--http', http, '--hosts', hostWords(hosts)],
    onLine: report('dao'),
    onWords: (words) => onWords('dao', words),
    onEnd: onEnd('dao'),
  })
  stack.use(dao.process)
  roles.set('dao', dao.process)
  const start = async (name: string, words: string[]): Promise<void> => {
    names.set(await operatorOf(folder(name)), name)
    const role = new RoleProcess({
      name,
      argv: [...words, ...common(name), '--dao', dao.addresses[0] as string, '--hosts', hostWords(hosts)],
      onLine: report(name),
      onWords: (said) => onWords(name, said),
      onEnd: onEnd(name),
    })
    stack.use(role)
    roles.set(name, role)
  }
  for (const name of numbered('validator', options.validators)) await start(name, ['validator', '--operator', name])
  for (const name of numbered('contributor', options.contributors)) await start(name, ['node', '--workers', '0'])

  const until = async (ending: Ending): Promise<LedgerState> => {
    for (;;) {
      signal.throwIfAborted()
      if (ending.isNear) {
        const { state } = (await replayFolder(path.join(folder('dao'), 'log'))).ledger
        if (ending.of(state) !== undefined) return state
      }
      await systemClock.sleep(POLL_MS, signal)
    }
  }
  const owned = stack.move()
  return {
    url: dao.http,
    ledger: dao.ledger,
    addresses: dao.addresses,
    roles,
    names,
    until,
    // all at once: one after the other they would wait for connections that are about to close
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...roles.values()].map((role) => role.stop()))
      await owned.disposeAsync()
    },
  }
}

/** What a line of a role's stdout tells of its work; undefined for the one that says where it serves. */
function progressOf({ event, epoch, phase, release, records, count }: Record<string, unknown>): ProcessProgress | undefined {
  if (typeof event !== 'string') return undefined
  const told = { what: event, epoch: Number(epoch ?? 0) }
  if (typeof phase === 'string') return { ...told, what: 'phase', phase }
  if (typeof release === 'string') return { ...told, what: 'released', release }
  return { ...told, count: Number(records ?? count ?? 0) }
}

const hostWords = (hosts: Record<string, string>): string =>
  Object.entries(hosts)
    .map(([name, ip]) => `${name}=${ip}`)
    .join(',')
