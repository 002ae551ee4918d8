/** What is found of a labelled set, made of templates in many languages, by kind, and false spans: `[SENTENCES] [SEED]`; with SHOW set also which. */
import { findSpans, NameIndex, personOf } from '../schemas/redact/index.ts'
import { labelledSet, scoreOf } from '../tests/support/labelled-set.ts'

/** What a run must reach; beyond it the process exits 1. */
const LEAST: Record<string, number> = { card: 0.99, iban: 0.99, email: 0.99, ip: 0.99, 'national-id': 0.99, phone: 0.95, person: 0.99 }
const MOST_FALSE = 0.005

const [count = 5000, seed = 1] = process.argv.slice(2).map(Number)
const set = labelledSet(seed, count)
const before = process.cpuUsage()
const { scores, predicted, wrong, missed } = scoreOf(set, ({ text, names }) => findSpans(text, new NameIndex(names.map(personOf))))
const { user, system } = process.cpuUsage(before)
console.log(`${set.length} sentences, ${set.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0)} bytes, seed ${seed}`)
for (const { kind, gold, found } of scores)
  console.log(`${kind.padEnd(12)} ${String(found).padStart(5)} of ${String(gold).padStart(5)}  ${((100 * found) / gold).toFixed(2)} %`)
console.log(
  `false spans  ${String(wrong.length).padStart(5)} of ${String(predicted).padStart(5)}  ${((100 * wrong.length) / Math.max(1, predicted)).toFixed(2)} %`,
)
console.log(`CPU ${((user + system) / 1e6).toFixed(2)} s`)
if (process.env['SHOW'] !== undefined) {
  for (const { kind, part, text } of missed.slice(0, 60)) console.log(`missed ${kind}: ${part}   in: ${text}`)
  for (const { kind, part, text } of wrong.slice(0, 60)) console.log(`false ${kind}: ${part}   in: ${text}`)
}
const failed = [
  ...scores.filter(({ kind, gold, found }) => found < gold * (LEAST[kind] ?? 0)).map(({ kind }) => kind),
  ...(wrong.length > predicted * MOST_FALSE ? ['false spans'] : []),
]
for (const one of failed) console.error(`missed: ${one}`)
if (failed.length > 0) process.exitCode = 1
