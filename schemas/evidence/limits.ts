/** How large one fetch's evidence may be, packed and unpacked. The writer keeps them too, so that no honest peer seals what others refuse. */
export const evidenceLimits = {
  /** Bytes of the group as stored. */
  packedBytes: 12 << 20,
  /** Bytes of its three WARC records together. */
  unpackedBytes: 12 << 20,
  /** Unpacked bytes per packed byte, looked at above one MiB unpacked. */
  ratio: 400,
  /** WARC header block of one record. */
  warcHeaderBytes: 32 << 10,
  /** HTTP request or response head. */
  headBytes: 128 << 10,
} as const

/** Longest URL that evidence names. */
export const MAX_URL_BYTES = 8192
