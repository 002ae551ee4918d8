/** A contributor's personal data on the contributor's own machine: opened safely, previewed, read as events. */
export { LIMITS, type Limits } from './limits.ts'
export { openExport } from './open-export.ts'
export type { OpenExport } from './open-zip.ts'
export {
  type Difference,
  type PoolOptions,
  type Preview,
  previewExport,
  type PreviewOptions,
  type PreviewWithDifference,
  readExport,
} from './preview.ts'
export type { Offer, Offered, Sealed, ToSeal, WithdrawnState } from './seal/index.ts'

/** The role of whoever offers personal data, with its consent, its book and its withdrawal; loads the curve on first use. */
export const openPoolOffering = (): Promise<typeof import('./offering/index.ts')> => import('./offering/index.ts')
