export { BatchSealer, type SealedBatch, type SealedFile, type SealHeader, type SealRecord } from './batch-sealer.ts'
export { sealBatch, type SealInput } from './seal-batch.ts'
export { sealInto, type SealIntoInput, type SealPage } from './seal-into.ts'
