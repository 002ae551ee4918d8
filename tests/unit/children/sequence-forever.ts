/** A sequencer on disk in a process of its own, to be killed at any moment: `node sequence-forever.ts FOLDER`. Prints `<entry> <index>.` per receipt. */
import { once } from 'node:events'
import { utf8 } from '../../../schemas/wire/index.ts'
import { openKilledSequencer } from '../../support/killed-sequencer.ts'

const folder = process.argv[2] as string
let size = 0
const sequencer = await openKilledSequencer(folder, {
  admit: () => {
    size++
    return { ok: true }
  },
  replay: { from: 0, apply: () => size++ },
})
for (let next = 0; ; next += 40) {
  // every group begins with entries that were sent before, as an author does who does not know what became of them
  const group = Array.from({ length: 50 }, (_, i) => Math.max(0, next - 10) + i)
  await Promise.all(
    group.map(async (n) => {
      const answer = await sequencer.submit(utf8(`entry ${n}`))
      if (answer.status === 'receipt') process.stdout.write(`${n} ${answer.index}.\n`)
    }),
  )
  if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
  if (size !== sequencer.size) throw new Error(`the fold has ${size} entries, the log ${sequencer.size}`)
}
