import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { PartFile } from './part-file.ts'

it('writes parts in order, more of them than one system call takes, also empty ones and none', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quern-part-'))
  try {
    const name = path.join(folder, 'file')
    const file = await PartFile.create(name)
    const parts = Array.from({ length: 5000 }, (_, i) => new TextEncoder().encode(i % 7 === 0 ? '' : `part ${i}\n`))
    const whole = Buffer.concat(parts)
    file.add(new Uint8Array())
    await file.flush()
    file.add(...parts.slice(0, 4000))
    await file.flush()
    await file.flush()
    file.add(...parts.slice(4000))
    await file.finish()
    expect(file.bytes).toBe(whole.length)
    expect(await readFile(name)).toEqual(whole)
  } finally {
    await rm(folder, { recursive: true })
  }
})
