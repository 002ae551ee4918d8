/**
 * A log as static files: any web server or object store can serve the folder. Every file is written whole under another name,
 * synced and renamed; then the folders are synced, once each for the whole group of files. So after a crash a file is there as it
 * was or as it should be, never in between.
 */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { diskError } from '../../core/home/index.ts'
import { CHECKPOINT_PATH, type LogFile, type LogStore, parseTilePath } from '../log/index.ts'

export interface DiskLogStoreOptions {
  /** False leaves out every sync: for measuring what durability costs, never for a log. */
  sync?: boolean
}

/** Opens, or makes, the log in `folder`. Only paths of C2SP tlog-tiles exist in it: any other path reads as absent. */
export async function openDiskLogStore(folder: string, { sync = true }: DiskLogStoreOptions = {}): Promise<LogStore> {
  const root = path.resolve(folder)
  const known = new Set<string>()
  await ensureFolder(root, known, sync)

  const place = (name: string): string => path.join(root, ...name.split('/'))
  let turn: Promise<unknown> = Promise.resolve()

  async function writeAll(files: LogFile[]): Promise<void> {
    const folders = new Set<string>()
    for (const file of files) folders.add(path.dirname(place(file.path)))
    for (const each of folders) await ensureFolder(each, known, sync)
    await Promise.all(files.map((file) => writeWhole(place(file.path), file.bytes, sync)))
    if (sync) await Promise.all([...folders].map(syncFolder))
  }

  return {
    async read(name) {
      if (!isLogPath(name)) return undefined
      try {
        const bytes = await readFile(place(name))
        return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw diskError(error, root)
      }
    },
    write(files) {
      // one group at a time: two writers of one path would share its temporary name
      const next = turn.then(() => writeAll(files)).catch((error: unknown) => Promise.reject(diskError(error, root)))
      turn = next.catch(() => {})
      return next
    },
    async dropPartials(names) {
      for (const name of names) await rm(`${place(name)}.p`, { recursive: true, force: true })
      for (const name of names) known.delete(`${place(name)}.p`)
    },
  }
}

async function writeWhole(file: string, bytes: Uint8Array, sync: boolean): Promise<void> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.tmp`)
  {
    await using handle = await open(temporary, 'w', 0o644)
    await handle.writeFile(bytes)
    if (sync) await handle.sync()
  }
  await rename(temporary, file)
}

/** A new folder is on disk when its parent is synced, and that one's parent where it is new too. */
async function ensureFolder(folder: string, known: Set<string>, sync: boolean): Promise<void> {
  if (known.has(folder)) return
  const first = await mkdir(folder, { recursive: true })
  if (first !== undefined && sync) {
    for (let at = folder; at.length >= first.length; at = path.dirname(at)) await syncFolder(path.dirname(at))
  }
  known.add(folder)
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}

const isLogPath = (name: string): boolean => name === CHECKPOINT_PATH || parseTilePath(name) !== undefined

function isAbsent(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}
