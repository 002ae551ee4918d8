import { type CID, decode, MAX_ENTRY_BYTES, toHex } from '../../schemas/wire/index.ts'
import { UsageError } from '../../core/errors/index.ts'
import { getJson, httpBase, logFolder, replayFolder } from '../wiring/index.ts'
import { numberFlag, print, printable, printJson, type Run, settingOf } from '../program/index.ts'

export const run: Run = async (_args, flags) => {
  const limit = numberFlag(flags, 'limit', 50)
  const type = flags['type']
  const dao = settingOf('dao', flags)
  if (dao !== undefined) {
    const query = new URLSearchParams({
      limit: String(limit),
      ...(typeof type === 'string' ? { type } : {}),
      ...(flags['from'] === undefined ? {} : { from: String(numberFlag(flags, 'from', 0)) }),
    })
    const page = (await getJson(httpBase(dao), `/v1/ledger?${query}`)) as { entries?: unknown[] }
    for (const entry of page.entries ?? []) printJson(entry)
    return
  }
  const given = flags['log']
  if (given !== undefined && typeof given !== 'string') throw new UsageError('BAD_FLAG', '--log takes a folder')
  const { reader, ledger } = await replayFolder(logFolder(settingOf('home', flags) as string, given))
  const invalid = new Map(ledger.state.invalid.map((one) => [one.index, one.code]))
  const from = numberFlag(flags, 'from', typeof type === 'string' ? 0 : Math.max(0, reader.size - limit))
  let shown = 0
  for (let index = from; index < reader.size && shown < limit; index++) {
    const entry = decode(await reader.entry(index), MAX_ENTRY_BYTES) as { t?: string; a?: string; n?: number; p?: unknown }
    if (typeof type === 'string' && entry.t !== type) continue
    shown++
    if (flags['json'] === true)
      printJson({ index, type: entry.t, author: entry.a, n: entry.n, payload: readable(entry.p), invalid: invalid.get(index) ?? null })
    else
      print(
        printable(
          `${String(index).padStart(6)}  ${String(entry.t).padEnd(22)} ${String(entry.a).slice(0, 24)}…  ${invalid.has(index) ? `INVALID ${invalid.get(index)}` : JSON.stringify(readable(entry.p)).slice(0, 120)}`,
        ),
      )
  }
}

/** CIDs as text, bytes as hex. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value)
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value === 'object' && value !== null) {
    if ('multihash' in value) return (value as CID).toString()
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readable(item)]))
  }
  return value
}
