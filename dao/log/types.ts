/** Where a log keeps its bytes. On disk: `dao/stores`; in memory for tests and the simulated world. Paths are those of C2SP tlog-tiles. */
export interface LogStore extends TileSource {
  /** All or nothing per file, durable when it resolves (temp, fsync, rename, fsync of the directory). */
  write(files: LogFile[]): Promise<void>
  /** Drops the partial tiles (`<path>.p/*`) that these full tiles replace. Need not be durable. */
  dropPartials(paths: string[]): Promise<void>
}

/** The reading half of a store: also a log served over HTTP or the mesh. */
export interface TileSource {
  /** Bytes at `checkpoint`, `tile/0/000`, `tile/entries/000.p/3`…; undefined when absent. */
  read(path: string): Promise<Uint8Array | undefined>
}

export interface LogFile {
  path: string
  bytes: Uint8Array
}

/** A witness as the sequencer sees it: the HTTP exchange of C2SP tlog-witness `add-checkpoint`, whatever carries it. */
export interface WitnessClient {
  name: string
  /** The verifier key (type 0x04) whose cosignatures count; lines of any other key in an answer are ignored. */
  vkey: string
  addCheckpoint(body: string, signal: AbortSignal): Promise<{ status: number; body: string }>
}
