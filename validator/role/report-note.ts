/** What a validator remembers of an epoch's test: when it began, and the report with its salt, so that one that crashes in between reports what it found, not something new. */
import { z } from 'zod'
import type { Kv } from '../../core/effects/index.ts'
import { bytesOf, bytesUpTo, encode, MAX_REPORT_BYTES, parse, uint } from '../../schemas/wire/index.ts'

const shape = z.strictObject({ report: bytesUpTo(MAX_REPORT_BYTES), salt: bytesOf(32) })
export type ReportNote = z.infer<typeof shape>

const place = (epoch: number): string => `report/${String(epoch).padStart(8, '0')}`

export async function readReportNote(kv: Kv, epoch: number): Promise<ReportNote | undefined> {
  const bytes = await kv.get(place(epoch))
  return bytes === undefined ? undefined : parse(shape, bytes, MAX_REPORT_BYTES + 1024)
}

export async function writeReportNote(kv: Kv, epoch: number, note: ReportNote): Promise<void> {
  await kv.put(place(epoch), encode(note))
}

const beginning = z.strictObject({ epoch: uint, at: uint })

/** When this validator first began the epoch's test, in milliseconds; `now` unless an earlier run did: a crash gives nobody more time. */
export async function beganTesting(kv: Kv, epoch: number, now: number): Promise<number> {
  const bytes = await kv.get('testing-began')
  const known = bytes === undefined ? undefined : parse(beginning, bytes, 256)
  if (known?.epoch === epoch && known.at <= now) return known.at
  await kv.put('testing-began', encode({ epoch, at: Math.floor(now) }))
  return now
}
