/** The DAO's service and the operator's command give shares to others one at a time. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { awaitReshares, openReshares } from './reshares.ts'

const { signal } = new AbortController()

it('has one at it, and the other waits until that one is done', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-reshares-'))
  const service = await openReshares(folder)
  await service?.put('prepared/x', new Uint8Array([1]))
  expect(await openReshares(folder)).toBeUndefined()
  const waiting = awaitReshares(folder, signal)
  await service?.[Symbol.asyncDispose]()
  // and finds what was left there
  const command = await waiting
  expect(await command.keys('prepared/')).toEqual(['prepared/x'])
  expect(await openReshares(folder)).toBeUndefined()
  await command[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

it('waits no longer than it is wanted', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-reshares-'))
  const service = await openReshares(folder)
  const stop = new AbortController()
  const waiting = awaitReshares(folder, stop.signal)
  stop.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
  await service?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
