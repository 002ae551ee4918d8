/** What a person or a program wants to know of a release at first sight. */
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import type { ReleaseManifest, ShareTable } from '../release/index.ts'
import { readManifest, readShares } from './read-release.ts'

export interface ReleaseSummary {
  release: string
  name: string
  ledger: string
  date: string
  throughEpoch: number
  records: number
  tokens: number
  bytes: number
  previous: string | null
}

const summaryOf = (release: string, manifest: ReleaseManifest): ReleaseSummary => ({
  release,
  name: manifest.name,
  ledger: manifest.ledger,
  date: manifest.date,
  throughEpoch: manifest.throughEpoch,
  records: manifest.counts.records,
  tokens: manifest.counts.tokens,
  bytes: manifest.counts.bytes,
  previous: manifest.previous,
})

/** Releases kept in a folder, one folder each under its root CID; oldest first. Folders that hold none are passed over. */
export async function listReleases(folder: string): Promise<ReleaseSummary[]> {
  const names = await readdir(folder).catch(() => [])
  const found: ReleaseSummary[] = []
  for (const name of names.filter((one) => /^ba[a-z2-7]{10,120}$/.test(one))) {
    const manifest = await readManifest(path.join(folder, name)).catch(() => undefined)
    if (manifest !== undefined) found.push(summaryOf(name, manifest))
  }
  return found.toSorted(
    (a, b) => a.throughEpoch - b.throughEpoch || (a.date < b.date ? -1 : a.date > b.date ? 1 : 0) || (a.release < b.release ? -1 : 1),
  )
}

/** Manifest and share table of one release. Throws InvalidInputError NOT_A_RELEASE, BAD_MANIFEST or BAD_SHARES. */
export async function showRelease(folder: string): Promise<{ manifest: ReleaseManifest; shares: ShareTable }> {
  return { manifest: await readManifest(folder), shares: await readShares(folder) }
}
