/** How large one fetch's evidence may be, packed and unpacked. The writer keeps them too, so that no honest peer seals what others refuse. */
export interface EvidenceLimits {
  /** Bytes of the group as stored. */
  packedBytes: number
  /** Bytes of its three WARC records together. */
  unpackedBytes: number
  /** Unpacked bytes per packed byte, looked at above one MiB unpacked. */
  ratio: number
  /** WARC header block of one record. */
  warcHeaderBytes: number
  /** HTTP request or response head. */
  headBytes: number
}

const MiB = 1 << 20

export const evidenceLimits: EvidenceLimits = {
  packedBytes: 12 * MiB,
  unpackedBytes: 12 * MiB,
  ratio: 400,
  warcHeaderBytes: 32 << 10,
  headBytes: 128 << 10,
}

/** Longest URL that evidence names. */
export const MAX_URL_BYTES = 8192
