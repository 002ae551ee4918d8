/** Puts values without end and prints the number of each one that was acknowledged: somebody else kills it. */
import { openDiskKv } from '../../../core/kv/index.ts'

const kv = await openDiskKv(process.argv[2] as string)
for (let i = 0; ; i++) {
  await kv.put(`key/${i}`, new Uint8Array(100_000).fill(i % 251))
  process.stdout.write(`${i}\n`)
}
