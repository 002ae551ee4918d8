import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { diskError, openHome, openLevel, writeFileDurably } from './index.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-home-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: Error & { code?: string }) => error.code ?? error.message,
  )

it('makes a home with its version, and opens it again', async () => {
  const home = await openHome(path.join(folder, 'a/b'))
  expect(await readFile(path.join(home, 'VERSION'), 'utf8')).toBe('1\n')
  expect(await openHome(home)).toBe(home)
  expect(await readdir(home)).toEqual(['VERSION'])
})

it('refuses a home that a newer program wrote, naming the next step', async () => {
  await writeFile(path.join(folder, 'VERSION'), '2\n')
  await expect(openHome(folder)).rejects.toMatchObject({
    code: 'HOME_TOO_NEW',
    message: expect.stringContaining('install the newer version'),
  })
})

it.each(['', 'zero', '0', '1.5', '9'.repeat(40)])('refuses a VERSION file of %j', async (text) => {
  await writeFile(path.join(folder, 'VERSION'), text)
  expect(await codeOf(openHome(folder))).toBe('HOME_BAD_VERSION')
})

it('replaces a file whole', async () => {
  const file = path.join(folder, 'f')
  await writeFileDurably(file, 'old')
  await writeFileDurably(file, 'new')
  expect(await readFile(file, 'utf8')).toBe('new')
  expect(await readdir(folder)).toEqual(['f'])
  expect(await codeOf(writeFileDurably(path.join(folder, 'absent/f'), 'x'))).toBe('DISK_FAILED')
})

it('opens a store once at a time', async () => {
  const db = await openLevel(path.join(folder, 'store'))
  expect(await codeOf(openLevel(path.join(folder, 'store')))).toBe('HOME_IN_USE')
  await db[Symbol.asyncDispose]()
  await using again = await openLevel(path.join(folder, 'store'))
  expect(await again.get('k')).toBeUndefined()
})

it('knows a full disk by the code or by the words of the store, however deep they lie', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' })
  expect(diskError(full, 'x')).toMatchObject({ code: 'DISK_FULL' })
  const wrapped = new Error('batch failed', { cause: new Error('IO error: /x/000003.log: No space left on device') })
  expect(diskError(wrapped, 'x')).toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('free some') })
  expect(diskError(Object.assign(new Error('open'), { code: 'EROFS' }), 'x')).toMatchObject({ code: 'DISK_READ_ONLY' })
})
