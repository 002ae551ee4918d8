/** How long and how large one request may be. Bytes and milliseconds. */
export interface WebLimits {
  /** From the call to a connected (and for https, verified) socket; name resolution included. */
  connectMs: number
  /** From the written request to the whole response head. */
  headersMs: number
  /** From the response head to the last body byte, however steadily they drip. */
  bodyMs: number
  totalMs: number
  /** Response head, all header lines together. */
  headerBytes: number
  /** Body as received; beyond it the exchange is marked truncated. Common Crawl cuts at the same 5 MiB. */
  bodyBytes: number
  /** Body after content decoding; beyond it the call throws BODY_TOO_LARGE. */
  decodedBytes: number
  connectionsPerOrigin: number
  /** Idle connections kept over all origins. */
  idleConnections: number
}

const MiB = 1 << 20

export const webLimits: WebLimits = {
  connectMs: 10_000,
  headersMs: 15_000,
  bodyMs: 30_000,
  totalMs: 60_000,
  headerBytes: 64 << 10,
  bodyBytes: 5 * MiB,
  decodedBytes: 20 * MiB,
  connectionsPerOrigin: 6,
  idleConnections: 256,
}
