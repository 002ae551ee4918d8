/** The files of a crawl's folder: their names, and what is asked of them before a crawl goes on. */
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { exists } from './part-file.ts'

export const NAMES = ['evidence.warc.gz', 'records.jsonl.gz', 'journal.jsonl'] as const
export const LOG = 'frontier.log'

/** Where something lies in a file. */
export type Place = [offset: number, length: number]

/** Whether a file, under whichever name, holds these bytes. */
export function holds(name: string, from: number, to: number, check: number): boolean {
  const file = existsSync(`${name}.part`) ? `${name}.part` : name
  if (!existsSync(file) || statSync(file).size < to) return false
  const fd = openSync(file, 'r')
  try {
    const bytes = Buffer.allocUnsafe(1 << 20)
    let sum = 0
    for (let at = from; at < to; ) {
      const read = readSync(fd, bytes, 0, Math.min(bytes.length, to - at), at)
      if (read === 0) return false
      sum = crc32(bytes.subarray(0, read), sum)
      at += read
    }
    return sum === check
  } finally {
    closeSync(fd)
  }
}

/** Where the journal's last whole line ends, and that line. */
export async function journalEnd(name: string): Promise<{ bytes: number; last: string }> {
  const file = (await exists(`${name}.part`)) ? `${name}.part` : name
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  const tail = Buffer.alloc(Math.min(size, 64 << 10))
  await handle.read(tail, 0, tail.length, size - tail.length)
  const end = tail.lastIndexOf(10)
  if (end === -1) return { bytes: 0, last: '' }
  const start = tail.lastIndexOf(10, end - 1) + 1
  return { bytes: size - tail.length + end + 1, last: tail.toString('utf8', start, end) }
}
