/** A sign of life in a role's home folder, renewed while its event loop turns, so that a container's health check needs no open port. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'

const EVERY_MS = 3000
const STALE_MS = 30_000
const MAX_BYTES = 4096
const place = (home: string): string => path.join(home, 'alive.json')
const life = z.object({ role: z.string().max(32), pid: z.int(), at: z.int(), answers: z.url().optional() })

export interface Life {
  home: string
  role: 'dao' | 'contributor' | 'validator' | 'site'
  /** URL that answers 2xx while the role serves. */
  answers?: string
}

/** Writes the sign until disposed. A folder that cannot be written says nothing here: the role itself will. */
export function showLife({ home, role, answers }: Life): Disposable {
  let over = false
  const write = async (): Promise<void> => {
    const text = JSON.stringify({ role, pid: process.pid, at: Date.now(), answers })
    await writeFile(`${place(home)}.part`, text)
    if (!over) await rename(`${place(home)}.part`, place(home))
  }
  const renew = (): void => void write().catch(() => undefined)
  const timer = setInterval(renew, EVERY_MS)
  renew()
  return {
    [Symbol.dispose]: () => {
      over = true
      clearInterval(timer)
      void rm(place(home), { force: true }).catch(() => undefined)
    },
  }
}

export type Health = { ok: true; role: string } | { ok: false; why: string }

/** Reads the sign: renewed lately, and where the role serves HTTP, answered now. */
export async function healthOf(home: string): Promise<Health> {
  const text = await readFile(place(home), 'utf8').catch(() => undefined)
  if (text === undefined) return { ok: false, why: `no role runs in ${home}` }
  const read = text.length <= MAX_BYTES ? life.safeParse(JSON.parse(text)) : undefined
  if (!read?.success) return { ok: false, why: `${place(home)} is unreadable` }
  const { role, at, answers } = read.data
  const age = Date.now() - at
  if (age > STALE_MS) return { ok: false, why: `the ${role} gave its last sign of life ${Math.round(age / 1000)} s ago` }
  if (answers !== undefined) {
    const response = await fetch(answers, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
    await response?.body?.cancel()
    if (response?.ok !== true) return { ok: false, why: `the ${role} does not answer at ${answers}` }
  }
  return { ok: true, role }
}
