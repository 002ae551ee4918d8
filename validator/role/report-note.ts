/** The report of an epoch and its salt, kept until it is revealed: a validator that crashes in between reports what it found, not something new. */
import { z } from 'zod'
import type { Kv } from '../../core/effects/index.ts'
import { bytesOf, bytesUpTo, encode, MAX_REPORT_BYTES, parse } from '../../schemas/wire/index.ts'

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
