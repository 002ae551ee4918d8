/** Takes and deletes shares without end, and prints each that was acknowledged: somebody else kills it. */
import { rawCid, u32 } from '../../../schemas/wire/index.ts'
import { openShareTable } from '../../../validator/keyholder/index.ts'

const [folder, kek] = process.argv.slice(2) as [string, string]
const table = await openShareTable(folder, kek)
const bytes = (fill: number): Uint8Array => new Uint8Array(32).fill(fill % 251)
for (let i = 0; ; i++) {
  await table.put([
    {
      v: 1,
      manifest: rawCid(u32(i)),
      receipts: [bytes(i)],
      salt: bytes(1),
      dealt: bytes(2),
      held: { x: 1, generation: 0, share: bytes(i), commitments: [bytes(3), bytes(4)] },
      next: [],
      current: true,
      paperKey: bytes(5),
      at: 1,
      expires: 2_000_000_000,
    },
  ])
  process.stdout.write(`held ${i}\n`)
  if (i % 5 !== 4) continue
  process.stdout.write(`deleting ${i - 2}\n`)
  await table.shred([rawCid(u32(i - 2))])
  process.stdout.write(`deleted ${i - 2}\n`)
}
