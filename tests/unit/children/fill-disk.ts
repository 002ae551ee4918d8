/** Puts blocks and values into stores on a small disk until both refuse; prints what was acknowledged and with which code it ended. */
import { openDiskKv } from '../../../core/kv/index.ts'
import { openOfflineStorage } from '../../../core/storage/index.ts'
import { rawCid, sha256, u32 } from '../../../schemas/wire/index.ts'
import { realClock } from '../../support/real-clock.ts'

const home = process.argv[2] as string
const storage = await openOfflineStorage({ home, clock: realClock })
const kv = await openDiskKv(`${home}/kv`)
/** Bytes that no file system can compress. */
const noise = (seed: number): Uint8Array => Buffer.concat(Array.from({ length: 2048 }, (_, i) => sha256(u32(seed), u32(i))))

const codeOf = async (work: () => Promise<void>): Promise<string> => {
  try {
    await work()
    return 'done'
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown)
  }
}
const blocks = await codeOf(async () => {
  for (let i = 0; ; i++) {
    const bytes = noise(i)
    await storage.public.put([{ cid: rawCid(bytes), bytes }])
    await storage.public.pin(rawCid(bytes))
    process.stdout.write(`block ${rawCid(bytes)}\n`)
  }
})
const values = await codeOf(async () => {
  for (let i = 0; ; i++) {
    await kv.put(`key/${i}`, noise(i))
    process.stdout.write(`value key/${i}\n`)
  }
})
const bytes = noise(0)
const again = await codeOf(() => storage.public.put([{ cid: rawCid(new Uint8Array([...bytes, 1])), bytes: new Uint8Array([...bytes, 1]) }]))
process.stdout.write(`end ${blocks} ${values} ${again}\n`)
process.exit(0)
