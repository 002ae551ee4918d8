/**
 * What the log costs, as ratios measured in one process:
 *   append: entries/s with every file and folder synced, over the same writes without a sync;
 *   replay: entries per CPU second of a full replay from disk (strict decode, shape, signature, tree), over bare signature checks.
 * `node bench/log-append.ts [entries]`; entries default to 20,000 of about 300 bytes.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { examineEntry, signEntry } from '../core/envelope/index.ts'
import { keyFromSeed, verifySignature } from '../core/identity/index.ts'
import { LogTail, verifyLog } from '../dao/log/index.ts'
import { openDiskLogStore } from '../dao/stores/index.ts'
import { decode, encode, type Entry, ENTRY_DOMAIN, utf8 } from '../schemas/wire/index.ts'
import { type Comparison, interleave, print, rateOf } from './interleave.ts'

const LEDGER = 'quern/bench'
const BATCH = 256

/** Entries as contributors write them, a hundred authors in turn. */
function makeEntries(count: number): Uint8Array[] {
  const authors = Array.from({ length: 100 }, (_, i) => keyFromSeed(createHash('sha256').update(`author ${i}`).digest()))
  return Array.from({ length: count }, (_, i) =>
    signEntry(
      { t: 'epoch.dispute', p: { epoch: i, root: new Uint8Array(32), account: null, ours: new Uint8Array(60), theirs: null }, n: i },
      LEDGER,
      authors[i % authors.length] as (typeof authors)[0],
    ),
  )
}

async function append(folder: string, entries: Uint8Array[], sync: boolean): Promise<void> {
  const store = await openDiskLogStore(folder, { sync })
  const tail = LogTail.empty()
  for (let from = 0; from < entries.length; from += BATCH) {
    const { files, full } = tail.append(entries.slice(from, from + BATCH))
    await store.write(files)
    await store.dropPartials(full)
  }
}

export async function benchLog(count = 20_000, rounds = 3): Promise<{ append: Comparison; replay: Comparison; entryBytes: number }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-bench-log-'))
  try {
    const entries = makeEntries(count)
    let run = 0
    const appendOnce = (sync: boolean) => async () => {
      const at = path.join(folder, `run-${run++}`)
      const sample = await rateOf(count, () => append(at, entries, sync))
      await rm(at, { recursive: true })
      return sample
    }
    const appended = await interleave('wall', rounds, appendOnce(true), appendOnce(false))

    const log = path.join(folder, 'log')
    await append(log, entries, false)
    const tail = LogTail.empty()
    tail.append(entries)
    const tree = { size: count, root: tail.root() }
    const store = await openDiskLogStore(log)
    // what a replay must verify, ready to verify: the floor that nobody gets below
    const signed = entries.map((bytes) => {
      const { s, ...unsigned } = decode(bytes) as Entry
      return { author: unsigned.a, message: Buffer.concat([utf8(`${ENTRY_DOMAIN}${LEDGER}\0`), encode(unsigned)]), signature: s }
    })
    const bare = () =>
      rateOf(count, () => {
        for (const { author, message, signature } of signed) if (!verifySignature(author, message, signature)) throw new Error('signature')
      })
    const replay = () =>
      rateOf(count, async () => {
        let applied = 0
        const verdict = await verifyLog(store, tree, (list) => {
          for (const entry of list) if (examineEntry(entry, LEDGER).ok) applied++
        })
        if (!verdict.ok || applied !== count) throw new Error('the replay failed')
      })
    const replayed = await interleave('cpu', rounds, replay, bare)
    return { append: appended, replay: replayed, entryBytes: Math.round(entries.reduce((sum, e) => sum + e.byteLength, 0) / count) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const count = Number(process.argv[2] ?? 20_000)
  const { append: appended, replay, entryBytes } = await benchLog(count)
  console.log(`${count} entries of ${entryBytes} bytes, batches of ${BATCH}`)
  print('append, durable / without sync', 'entries', appended)
  print('replay / bare signature checks', 'entries', replay)
}
