/** CPU of the 128 MinHash lanes of a page of 1,000 words, from its text: tokens, shingles, sketch; target 0.3 ms. */
import { minHash, tokenize } from '../schemas/measures/index.ts'

const TARGET_MS = 0.3
const PAGES = 400
const ROUNDS = 5

let seed = 1
const word = (): string => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return `w${(seed >>> 16) % 20_000}`
}
const texts = Array.from({ length: PAGES }, () => Array.from({ length: 1000 }, word).join(' '))

/** Milliseconds of CPU a page. */
function round(): number {
  const before = process.cpuUsage()
  for (const text of texts) minHash(tokenize(text))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000 / PAGES
}

round()
// other work on the machine slows a round down, nothing speeds one up
const best = Math.min(...Array.from({ length: ROUNDS }, round))
const isMet = best <= TARGET_MS
console.log(
  `${best.toFixed(3)} ms of CPU a page of 1,000 words, best of ${ROUNDS} rounds over ${PAGES}; target ${TARGET_MS} ms: ${isMet ? 'met' : 'MISSED'}`,
)
if (!isMet) process.exitCode = 1
