import { expect, it } from 'vitest'
import { rawCid, utf8 } from '../../schemas/wire/index.ts'
import { Turns } from './turns.ts'

it('lets nobody change what another is about to write, and goes on after a failure', async () => {
  const turns = new Turns()
  const [one, two] = [rawCid(utf8('one')), rawCid(utf8('two'))]
  let count = 0
  const add = async (): Promise<void> => {
    const read = count
    await Promise.resolve()
    count = read + 1
  }
  const failing = turns.run([one], () => Promise.reject(new Error('disk')))
  await Promise.all([
    expect(failing).rejects.toThrow('disk'),
    turns.run([one], add),
    turns.run([one, two], add),
    turns.run([two, one], add),
    turns.run([two], add),
  ])
  expect(count).toBe(4)
})
