/** A person's side of a personal pool: the ledgers that were seen, the root seed, and one folder for each DAO that data was offered to. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Logger } from '../../core/effects/index.ts'
import { FatalError, InvalidInputError, RefusedError } from '../../core/errors/index.ts'
import { makeFolder, openHome, writeFileDurably } from '../../core/home/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import { subjectKey } from '../../dao/consent/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import { sha256, toHex, utf8 } from '../../schemas/wire/index.ts'
import { openRoleHome, type RoleHome } from './role-home.ts'

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
  const seed = await (passphrase === undefined
    ? offering.createOwnerOnlySeed(open, restored)
    : offering.createRootSeed(age, passphrase, undefined, restored))
  if (restored !== undefined) await rememberBackup(home, seed)
  return seed
}

const backupNote = (home: string): string => path.join(home, 'pool', 'seed.backup')
/** Names a seed without telling anything of it: another one in its place has no backup yet. */
const markOf = (seed: Uint8Array): string => `${toHex(sha256(utf8('quern/seed-backup/v1\0'), seed))}\n`

/** Whether a backup of this seed was made in this home, or this home from one. Nobody knows whether it was kept. */
export async function isBackedUp(home: string, seed: Uint8Array): Promise<boolean> {
  return (await readFile(backupNote(home), 'utf8').catch(() => undefined)) === markOf(seed)
}

/** Remembers that the owner has a backup of this seed. */
export async function rememberBackup(home: string, seed: Uint8Array): Promise<void> {
  await writeFileDurably(backupNote(home), markOf(seed))
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
