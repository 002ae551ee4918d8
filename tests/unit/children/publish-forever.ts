/** Seals batches, pins them in the private space and publishes them without end; prints what was acknowledged: somebody else kills it. */
import { openOfflineStorage } from '../../../core/storage/index.ts'
import { sealBatch } from '../../../node/seal/index.ts'
import { realClock } from '../../support/real-clock.ts'
import { sampleInput } from '../sample-batch.ts'

const storage = await openOfflineStorage({ home: process.argv[2] as string, clock: realClock })
for (let i = 0; ; i++) {
  const batch = sealBatch(sampleInput(Array.from({ length: 40 }, (_, k) => `batch ${i} page ${k} ${'x'.repeat(500)}`)))
  await storage.private.put(batch.blocks)
  await storage.private.pin(batch.manifestCid, { why: 'batch' })
  process.stdout.write(`sealed ${batch.manifestCid}\n`)
  await storage.publish(batch.manifestCid)
  process.stdout.write(`published ${batch.manifestCid}\n`)
}
