/** Statistics of personal pools under differential privacy: exact noise, counts dealt in three parts and proven to be counts, a yearly budget. */
export { dealCounts, faultOfShare } from './deal.ts'
export { discreteLaplace, type Rational } from './discrete-laplace.ts'
export { clip, type EventFacts, FeatureCounter } from './features.ts'
export { type Gathered, gatherRound, type Gathering } from './gather.ts'
export { binsOf, LANGUAGES, lengthDecile, qualityDecile, scaleOf } from './layout.ts'
export { aggregatorsOf, groupsNamed, LAYOUT_1 } from './layout-1.ts'
export { addNoise, type Asked, describeCounts, spreadOf } from './publish.ts'
export { encodeStatistics, readStatistics, type ReadStatistics, signResult } from './published.ts'
export { answerAt, dealtWords, isProven, type Point, pointOf, withProof } from './range-proof.ts'
export {
  combinePartials,
  type Countable,
  countable,
  notedSet,
  readRound,
  type Round,
  setHash,
  signList,
  signNote,
  signRound,
  sumWithNoise,
} from './round.ts'
export { addAt, addInto, bytesOfWords, centred, splitVector, wordsOf } from './shares.ts'
export { type ByteSource, uniformBelow } from './uniform.ts'
