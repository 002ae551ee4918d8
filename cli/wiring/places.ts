/** Where things lie: the newest local network below a home, its log, its releases. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { InvalidInputError } from '../../core/errors/index.ts'
import { listReleases, type ReleaseSummary } from '../../dao/dataset/index.ts'

/** The DAO's folder for a home: the home itself when it holds a log, else the newest network that `quern up` made below it. */
export function daoFolder(home: string): string {
  const folder = path.resolve(home)
  if (existsSync(path.join(folder, 'log'))) return folder
  const up = path.join(folder, 'up')
  const runs = existsSync(up) ? readdirSync(up).map(Number).filter(Number.isSafeInteger) : []
  const newest = runs
    .toSorted((a, b) => b - a)
    .map((run) => path.join(up, String(run), 'dao'))
    .find((dao) => existsSync(path.join(dao, 'log')))
  if (newest === undefined)
    throw new InvalidInputError('NO_LOG', `no ledger below ${folder}; run "quern up", or name the folder with --home or --log`)
  return newest
}

export function logFolder(home: string, given: string | undefined): string {
  if (given === undefined) return path.join(daoFolder(home), 'log')
  if (!existsSync(given)) throw new InvalidInputError('NO_LOG', `there is no folder ${given}`)
  return path.resolve(given)
}

/** Where the shares of a pool's key wait for their keyholders, in the home of a DAO. */
export const waitingSharesFolder = (home: string): string => path.join(home, 'pool-key')

/** Where reshares wait for the log, in the home of a DAO: of its service and of the operator's command, one at a time. */
export const resharesFolder = (home: string): string => path.join(home, 'pool-reshares')

/** A release's folder: a path, a CID among the home's releases, or the newest of them. */
export async function releaseFolder(home: string, given: string | undefined): Promise<string> {
  if (given !== undefined && existsSync(path.join(given, 'manifest.json'))) return path.resolve(given)
  const releases = path.join(daoFolder(home), 'releases')
  if (given !== undefined) {
    const folder = path.join(releases, path.basename(given))
    if (existsSync(folder)) return folder
    throw new InvalidInputError('NO_RELEASE', `there is no release ${path.basename(given)} in ${releases}; "quern dataset ls" lists them`)
  }
  const newest = (await localReleases(home)).at(-1)
  if (newest === undefined) throw new InvalidInputError('NO_RELEASE', `no release in ${releases} yet`)
  return path.join(releases, newest.release)
}

export const localReleases = (home: string): Promise<ReleaseSummary[]> => listReleases(path.join(daoFolder(home), 'releases'))
