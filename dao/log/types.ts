/** Where a log keeps its bytes. On disk: `dao/stores`; in memory for tests and the simulated world. Paths are those of C2SP tlog-tiles. */
export interface LogStore {
  /** Bytes at `checkpoint`, `tile/0/000`, `tile/entries/000.p/3`…; undefined when absent. */
  read(path: string): Promise<Uint8Array | undefined>
  /** All or nothing per file, durable when it resolves (temp, fsync, rename, fsync of the directory). */
  write(files: { path: string; bytes: Uint8Array }[]): Promise<void>
}

/** A witness as the sequencer sees it: the HTTP exchange of C2SP tlog-witness `add-checkpoint`, whatever carries it. */
export interface WitnessClient {
  name: string
  addCheckpoint(body: string, signal: AbortSignal): Promise<{ status: number; body: string }>
}
