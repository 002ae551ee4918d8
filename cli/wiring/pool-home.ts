/** A person's side of a personal pool: what a DAO offers, the root seed, and one folder for each DAO that data was offered to. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Logger } from '../../core/effects/index.ts'
import { FatalError, InvalidInputError, RefusedError } from '../../core/errors/index.ts'
import { makeFolder, openHome, writeFileDurably } from '../../core/home/index.ts'
import { generateKey, type Signer } from '../../core/identity/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { openLibp2pMesh } from '../../core/mesh/index.ts'
import { readPolicy, subjectKey } from '../../dao/consent/index.ts'
import { DaoLink, Follower, type KnownPeer, MemoryFiles } from '../../dao/follower/index.ts'
import { charterOf, committingEpoch, type LedgerFiles, type LedgerState, poolKeysNamed } from '../../dao/ledger/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import { type Charter, type CID, type ConsentPolicy, type PoolKey, sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { isPrivateDao, isPublicMultiaddr } from './listen.ts'
import { openRoleHome, type RoleHome } from './role-home.ts'
import { systemClock } from './system.ts'

const PATIENCE_MS = 30_000

export interface OfferedPolicy {
  cid: CID
  value: ConsentPolicy
  bytes: Uint8Array
  notice: Uint8Array
  /** The key behind the pool's tokens; undefined where it has none. */
  key: PoolKey | undefined
}

export interface DaoFacts {
  ledger: string
  state: LedgerState
  /** The ledger files that folding it took. */
  files: LedgerFiles
  /** Undefined where the DAO has no pool now. */
  policy: OfferedPolicy | undefined
  /** The epoch with which an announced pool opens. */
  opensWith: number | null
  known: readonly KnownPeer[]
}

/**
 * What a DAO says of itself, asked under a key of this moment: whoever only looks leaves no account behind. Throws FatalError DAO_UNREACHABLE,
 * and what following its log does.
 */
export async function learnDao(dao: string[], { logger, signal }: { logger: Logger; signal: AbortSignal }): Promise<DaoFacts> {
  const patience = AbortSignal.timeout(PATIENCE_MS)
  const stop = AbortSignal.any([signal, patience])
  const privateNetwork = isPrivateDao(dao)
  await using mesh = await openLibp2pMesh({ signer: generateKey(), clock: systemClock, listen: [], privateNetwork })
  const mayDial = privateNetwork ? undefined : isPublicMultiaddr
  const files = new MemoryFiles()
  const shared = { clock: systemClock, logger, signal: stop }
  try {
    const link = await DaoLink.open({ mesh, addresses: dao, role: 'guest', kv: new MemoryKv(), mayDial, ...shared })
    const { ledgerId, source, fetchFile, fetchFiles } = link
    const follower = new Follower({ ledgerId, source, fetchFile, fetchFiles, files, light: true, ...shared })
    await follower.catchUp()
    const { state } = follower
    const announced = state.pendingCharters.find(({ charter }) => charter.consent !== null)
    // what is committed now counts for this epoch, and by its rules
    const rules = charterOf(state, committingEpoch(state))
    const policy = policyOf(rules, state, files)
    return { ledger: ledgerId, state, files, policy, opensWith: announced?.from ?? null, known: link.known }
  } catch (error) {
    if (!patience.aborted || signal.aborted) throw error
    throw new FatalError('DAO_UNREACHABLE', `nobody answers at ${dao.join(', ')} within ${PATIENCE_MS / 1000} seconds`, { cause: error })
  }
}

function policyOf({ consent }: Charter, state: LedgerState, files: MemoryFiles): OfferedPolicy | undefined {
  const bytes = consent === null ? undefined : files.read(consent)
  const read = bytes && readPolicy(bytes)
  const notice = read?.ok ? files.read(read.policy.notice.cid) : undefined
  if (bytes === undefined || !read?.ok || notice === undefined) return undefined
  const { poolKey } = read.policy
  const key = poolKey && poolKeysNamed(state, files).find(({ cid }) => cid.equals(poolKey))?.key
  return { cid: read.cid, value: read.policy, bytes, notice, key }
}

const MAX_KNOWN_BYTES = 1 << 20
const knownDaos = z.record(z.string().max(1024), z.string().max(128))

async function readKnown(folder: string): Promise<Record<string, string>> {
  const text = await readFile(path.join(folder, 'daos.json'), 'utf8').catch(() => '{}')
  const parsed = text.length > MAX_KNOWN_BYTES ? undefined : knownDaos.safeParse(tryJson(text))
  if (!parsed?.success) throw new FatalError('HOME_DAMAGED', `${path.join(folder, 'daos.json')} is not what this program wrote`)
  return parsed.data
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The ledger that was first seen at an address. */
export async function knownLedger(home: string, address: string): Promise<string | undefined> {
  return (await readKnown(path.join(home, 'pool')))[address]
}

/** Remembers it. Throws RefusedError LEDGER_CHANGED where another one was seen there before. */
export async function rememberLedger(home: string, address: string, ledger: string): Promise<void> {
  const folder = path.join(await openHome(home), 'pool')
  const known = await readKnown(folder)
  const before = known[address]
  if (before === ledger) return
  if (before !== undefined)
    throw new RefusedError(
      'LEDGER_CHANGED',
      `${address} was the DAO of ledger ${before}, and serves ${ledger} now; give the address of the DAO you know`,
    )
  await makeFolder(folder)
  await writeFileDurably(path.join(folder, 'daos.json'), JSON.stringify({ ...known, [address]: ledger }, undefined, 2))
}

export interface SeedOptions {
  /** Under which the seed lies; an owner-only file when absent. */
  passphrase?: string | undefined
  /** A backup to begin with, where there is no seed yet. */
  restored?: Uint8Array | undefined
}

const seedFiles = (home: string) => ({ age: path.join(home, 'pool', 'root.age'), open: path.join(home, 'pool', 'root.seed') })

export function hasSeed(home: string): boolean {
  const { age, open } = seedFiles(home)
  return existsSync(age) || existsSync(open)
}

/** Whether opening the seed takes a passphrase. */
export const isSeedLocked = (home: string): boolean => existsSync(seedFiles(home).age)

/** Opens the root seed of a home, or makes it. Throws InvalidInputError PASSPHRASE_MISSING, SEED_EXISTS and what the seed's file says. */
export async function openSeed(home: string, { passphrase, restored }: SeedOptions = {}): Promise<Uint8Array> {
  const { age, open } = seedFiles(home)
  const offering = await openPoolOffering()
  if (hasSeed(home) && restored !== undefined)
    throw new InvalidInputError('SEED_EXISTS', `${path.dirname(age)} has a root seed already; it is what withdraws earlier consents`)
  if (existsSync(age)) {
    if (passphrase === undefined)
      throw new InvalidInputError('PASSPHRASE_MISSING', `${age} lies under a passphrase; give it with --passphrase-file`)
    return offering.openRootSeed(age, passphrase)
  }
  if (existsSync(open)) return offering.openOwnerOnlySeed(open)
  await makeFolder(path.join(await openHome(home), 'pool'))
  if (passphrase !== undefined) return offering.createRootSeed(age, passphrase, undefined, restored)
  return offering.createOwnerOnlySeed(open, restored)
}

export interface SubjectHome extends RoleHome {
  subject: Signer
}

/** The folder of one DAO below a home, and a peer under the key that only this DAO knows. */
export async function openSubjectHome(
  home: string,
  { ledger, seed, privateNetwork, logger }: { ledger: string; seed: Uint8Array; privateNetwork: boolean; logger: Logger },
): Promise<SubjectHome> {
  const subject = subjectKey(seed, ledger)
  const folder = path.join(home, 'pool', toHex(sha256(utf8(ledger)).subarray(0, 8)))
  const opened = await openRoleHome({ home: folder, listen: [], privateNetwork, signer: subject, logger })
  return { ...opened, subject, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() }
}
