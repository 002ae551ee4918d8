/** Deterministic checks and fraud proofs: pure, replayed by anyone. */
export { checkRow } from './check-row.ts'
export { type FraudVerdict, makeFraudProof, type ProofFacts, verifyFraudProof } from './fraud-proof.ts'
export type { Failure, RowFacts, RowToCheck, RowVerdict } from './types.ts'
