/** What the commands of a personal pool have in common: whose home, which DAO, which seed. */
import path from 'node:path'
import { codeOf, FatalError, InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import type { Logger } from '../../core/effects/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import { type Flags, readTextAtMost, settingOf } from '../program/index.ts'
import {
  type DaoFacts,
  isPrivateDao,
  learnDao,
  logger,
  openSeed,
  openSubjectHome,
  rememberLedger,
  resolveDao,
  type SubjectHome,
} from '../wiring/index.ts'

export interface PoolSession {
  home: string
  /** As given, and its multiaddrs. */
  address: string
  dao: string[]
  log: Logger
}

/** `silent`: a DAO that does not answer, or answers like none, is no fault, and has no multiaddrs then. */
export async function poolSession(flags: Flags, { silent = false } = {}): Promise<PoolSession> {
  const home = path.resolve(settingOf('home', flags) as string)
  const address = settingOf('dao', flags)
  const dao = await resolveDao(address).catch((error: unknown) => {
    if (silent && !(error instanceof UsageError)) return []
    throw error
  })
  return { home, address: address as string, dao, log: await logger(settingOf('logLevel', flags)) }
}

/** The DAO as it is now; another ledger than the one first seen at this address is refused. */
export async function factsOf({ home, address, dao, log }: PoolSession, signal: AbortSignal): Promise<DaoFacts> {
  const facts = await learnDao(dao, { logger: log, signal })
  await rememberLedger(home, address, facts.ledger)
  return facts
}

/** The pool that a DAO has now. Throws RefusedError NO_POOL. */
export function poolOf({ policy, opensWith, ledger }: DaoFacts): NonNullable<DaoFacts['policy']> {
  if (policy !== undefined) return policy
  throw new RefusedError(
    'NO_POOL',
    opensWith === null
      ? `${ledger} has no personal pool; ask its operator, or choose another DAO`
      : `the pool of ${ledger} opens with epoch ${opensWith}; try again then`,
  )
}

export interface OpenPool extends SubjectHome {
  seed: Uint8Array
}

/** The seed of this home, made or restored where there is none, and the peer of one DAO. */
export async function openPool({ home, dao, log }: PoolSession, ledger: string, flags: Flags): Promise<OpenPool> {
  const seed = await openSeed(home, { passphrase: await passphraseOf(flags), restored: await restoredOf(flags) })
  const opened = await openSubjectHome(home, { ledger, seed, privateNetwork: isPrivateDao(dao), logger: log }).catch((cause: unknown) => {
    if (codeOf(cause) !== 'HOME_IN_USE') throw cause
    // what was offered from here can be withdrawn from here alone: another folder is no help
    throw new FatalError('HOME_IN_USE', `another "quern pool" command is at work in ${home}; stop it first, which loses nothing`, { cause })
  })
  return { ...opened, seed }
}

const MAX_TEXT_BYTES = 4096

/** The first line of a file: on a command line every user of the machine could read it. */
async function passphraseOf(flags: Flags): Promise<string | undefined> {
  const file = flags['passphraseFile']
  if (typeof file !== 'string') return undefined
  const passphrase = (await readTextAtMost(file, MAX_TEXT_BYTES)).split(/\r?\n/, 1)[0] as string
  if (passphrase === '') throw new InvalidInputError('PASSPHRASE_MISSING', `the first line of ${file} is empty`)
  return passphrase
}

async function restoredOf(flags: Flags): Promise<Uint8Array | undefined> {
  const file = flags['restore']
  if (typeof file !== 'string') return undefined
  return (await openPoolOffering()).readSeedText(await readTextAtMost(file, MAX_TEXT_BYTES))
}
