export { type Checkpoint, formatCheckpoint, parseCheckpoint, peekCheckpoint, signCheckpoint } from './checkpoint.ts'
export { cosign, lowerMedian, medianCosignatureTime, withSignatures } from './cosignature.ts'
export { LogReader } from './log-reader.ts'
export { type Appended, LogTail } from './log-tail.ts'
export { MemoryLogStore } from './memory-log-store.ts'
export {
  CompactRange,
  consistencyRanges,
  EMPTY_ROOT,
  HASH_BYTES,
  hashRanges,
  inclusionRanges,
  leafHash,
  nodeHash,
  rootOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'
export { type MirrorOptions, mirrorStatement } from './mirror.ts'
export {
  formatNote,
  formatSignatureLine,
  type Keyring,
  keyring,
  MAX_NOTE_BYTES,
  type Note,
  type NoteSignature,
  type OpenedNote,
  openNote,
  parseNote,
  parseSignatureLines,
  signNote,
  verifyLine,
} from './note.ts'
export { formatVkey, type NoteKey, type NoteSigner, noteKey, noteSigner, parseSkey, parseVkey, SIGNATURE_TYPES } from './note-key.ts'
export { formatPolicy, isQuorum, parsePolicy, type Policy, policyOf } from './policy.ts'
export { formatProof, parseProof, type TlogProof } from './proof.ts'
export { openReplica, type Replica } from './replica.ts'
export {
  castVote,
  certifyTakeover,
  rosterHash,
  type Seat,
  type TermRules,
  type TermVote,
  verifyTakeover,
  type VoteOptions,
} from './takeover.ts'
export { logOrigin, logSigner, logVkey, parseLogOrigin } from './terms.ts'
export { CHECKPOINT_PATH, decodeBundle, encodeBundle, parseTilePath, type Tile, TILE_WIDTH, tileAt, tilePath } from './tiles.ts'
export type { LogFile, LogStore, TileSource, WitnessClient } from './types.ts'
export { proveInclusion, type VerifiedCheckpoint, type VerifiedProof, verifyCheckpoint, verifyProof } from './verify.ts'
export { type LogVerdict, verifyLog } from './verify-log.ts'
export { openWitness, originHash, type Witness, type WitnessAnswer, type WitnessOptions } from './witness.ts'
export { type AddCheckpoint, formatAddCheckpoint, parseAddCheckpoint } from './witness-request.ts'
