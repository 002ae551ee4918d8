/** A bundle has its name when the log has its release: also where the command was stopped before it could say so. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it, vi } from 'vitest'
import { nameLogged } from './commands/dao-pool-release.ts'

it('gives its name to what the log has, and to nothing else', async () => {
  const out = await mkdtemp(path.join(tmpdir(), 'quern-unlogged-'))
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  for (const file of ['mill-pool-1.age.unlogged', 'mill-pool-2.age.unlogged', 'mill-pool-3.age', 'mill-pool-3.age.unlogged'])
    await writeFile(path.join(out, file), file)
  await nameLogged(out, [{ name: 'mill-pool-1' }, { name: 'mill-pool-3' }])
  await nameLogged(path.join(out, 'not there yet'), [{ name: 'mill-pool-1' }])
  expect((await readdir(out)).toSorted()).toEqual([
    'mill-pool-1.age',
    'mill-pool-2.age.unlogged',
    'mill-pool-3.age',
    'mill-pool-3.age.unlogged',
  ])
  expect(said).toHaveBeenCalledTimes(1)
  said.mockRestore()
  await rm(out, { recursive: true })
})
