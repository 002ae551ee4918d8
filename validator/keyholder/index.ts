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

/** The share table in `folder`, and the owner-only file of the key it lies under. Keep the two apart where you can. */
export async function openShareTable(folder: string, kek: string): Promise<ShareTable> {
  const [{ ShareTable: Class }, { kekFile }] = await Promise.all([import('./share-table.ts'), import('./kek-file.ts')])
  return Class.open(folder, kekFile(kek))
}
