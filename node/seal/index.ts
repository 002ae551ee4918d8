export { BatchSealer, type SealedBatch, type SealedFile, type SealHeader, type SealRecord } from './batch-sealer.ts'
export { BatchWriter, type SealPage } from './batch-writer.ts'
export { sealBatch, type SealInput } from './seal-batch.ts'
