export type { Offer, Offered, Sealed, ToSeal, WithdrawnState } from './seal/index.ts'

/** Sealing, offering and withdrawing of personal data; loads the curve on first use. */
export const openPoolSeal = (): Promise<typeof import('./seal/index.ts')> => import('./seal/index.ts')
