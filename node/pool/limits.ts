/** What an export may be. Beyond it nobody has an export, and somebody has a bomb. */
export const LIMITS = {
  entries: 20_000,
  /** Of one file, unpacked. */
  entryBytes: 2 * 2 ** 30,
  /** Of all files, unpacked. */
  totalBytes: 64 * 2 ** 30,
  /** Unpacked to packed, of files beyond `ratioFromBytes`. */
  ratio: 200,
  ratioFromBytes: 1 << 20,
  pathUnits: 1024,
  folderDepth: 32,
} as const
export type Limits = { [K in keyof typeof LIMITS]: number }
