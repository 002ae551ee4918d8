/** Which files an entry names: what a mirror keeps beside the log's tiles. */
import { type CID, type Entry } from '../../schemas/wire/index.ts'
import { charterFiles, policyFiles } from './charter-files.ts'
import { readManifest } from './parsed-files.ts'
import type { LedgerFiles } from './types.ts'

/**
 * CIDs that the entry names, and, once the manifest of a reveal is in `files`, the index and sketches that this one names; of a contribution to the
 * pool its index, its policy, and what that one names; of a charter the policy, its notice, and the key of its tokens.
 * Releases, opt-out evidence and records are content, not ledger files.
 */
export function ledgerFilesNamed(entry: Entry, files?: LedgerFiles): CID[] {
  switch (entry.t) {
    case 'genesis':
    case 'charter':
      return files === undefined ? [entry.p.charter] : charterFiles(files, entry.p.charter)
    case 'contribution.reveal': {
      const read = files?.read(entry.p.manifest) && files ? readManifest(files, entry.p.manifest) : undefined
      if (!read?.ok) return [entry.p.manifest]
      const { kind, manifest } = read.value
      if (kind === 'batch') return [entry.p.manifest, manifest.index, manifest.sketches]
      return [entry.p.manifest, manifest.index, ...policyFiles(manifest.policy, files)]
    }
    case 'report.reveal':
      return [entry.p.report]
    case 'probe.reveal':
      return [entry.p.list]
    case 'epoch.close':
      return [entry.p.table]
    case 'fraud.proof':
      return [entry.p.proof]
    case 'pool.statistics':
      return [entry.p.statistics]
    default:
      return []
  }
}
