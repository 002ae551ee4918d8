/** Which files an entry names: what a mirror keeps beside the log's tiles. */
import { type CID, type Entry } from '../../schemas/wire/index.ts'
import { charterFiles } from './charter-files.ts'
import { readManifest } from './parsed-files.ts'
import type { LedgerFiles } from './types.ts'

/**
 * CIDs that the entry names, and, once the manifest of a reveal is in `files`, the index and sketches that this one names; of a charter its consent
 * policy and notice.
 * Releases, opt-out evidence and records are content, not ledger files.
 */
export function ledgerFilesNamed(entry: Entry, files?: LedgerFiles): CID[] {
  switch (entry.t) {
    case 'genesis':
    case 'charter':
      return files === undefined ? [entry.p.charter] : charterFiles(files, entry.p.charter)
    case 'contribution.reveal': {
      const manifest = files?.read(entry.p.manifest) && files ? readManifest(files, entry.p.manifest) : undefined
      return manifest?.ok ? [entry.p.manifest, manifest.value.index, manifest.value.sketches] : [entry.p.manifest]
    }
    case 'report.reveal':
      return [entry.p.report]
    case 'probe.reveal':
      return [entry.p.list]
    case 'epoch.close':
      return [entry.p.table]
    case 'fraud.proof':
      return [entry.p.proof]
    default:
      return []
  }
}
