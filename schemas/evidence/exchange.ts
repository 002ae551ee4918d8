/** One HTTP exchange as it crossed the wire: what evidence holds and what the pipeline starts from. */
export interface Exchange {
  /** WHATWG-serialised, fragment dropped. */
  url: string
  status: number
  /** In order, as received; names keep their case. */
  headers: [name: string, value: string][]
  /** Request head bytes, `GET /path HTTP/1.1\r\n…\r\n\r\n`. */
  requestHead: Uint8Array
  /** Status line and headers as bytes. */
  responseHead: Uint8Array
  /** Body after transfer decoding, content encoding kept as received. */
  body: Uint8Array
  /** Start of the fetch, Unix milliseconds. */
  fetchedAt: number
  /** Address that answered, null where the web is simulated. */
  remoteAddress: string | null
  truncated: boolean
}
