import type { KekFile } from './kek-file.ts'
import type { Keyholder, KeyholderOptions } from './keyholder.ts'
import type { ShareTable } from './share-table.ts'

export type { CountView } from './count-desk.ts'
export type { KekFile } from './kek-file.ts'
export type { HeldContribution, Keyholder, KeyholderOptions } from './keyholder.ts'
export type { ShareTable } from './share-table.ts'
export type { LoggedWithdrawal } from './withdrawals.ts'

/** Serves a keyholder's protocols; loads the curve on first use. */
export async function openKeyholder(options: KeyholderOptions): Promise<Keyholder> {
  const { Keyholder: Class } = await import('./keyholder.ts')
  return Class.start(options)
}

/** The share table in `folder`, and the file of the key it lies under, with a passphrase or owner-only. Keep the two apart where you can. */
export async function openShareTable(folder: string, kek: { file: string; passphrase?: string }): Promise<ShareTable> {
  const [{ ShareTable: Class }, { kekFile }] = await Promise.all([import('./share-table.ts'), import('./kek-file.ts')])
  const file: KekFile = kekFile(kek.file, kek.passphrase)
  return Class.open(folder, file)
}
