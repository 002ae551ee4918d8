/** Statistics of personal pools under differential privacy: exact noise, clipped counts, three aggregators, a yearly budget. */
export { discreteLaplace, type Rational } from './discrete-laplace.ts'
export { clip, type EventFacts, FeatureCounter } from './features.ts'
export { binsOf, checkGroups, LANGUAGES, lengthDecile, monthsBetween, poolGroups, qualityDecile, scaleOf } from './layout.ts'
export { addNoise, type Asked, describeCounts } from './publish.ts'
export { combinePartials, countCentrally, dealCounts, readRound, readShare, setHash, signRound, sumWithNoise } from './round.ts'
export { type Aggregating, gatherRound, giveShares, serveAggregate } from './serve-aggregate.ts'
export { addInto, bytesOfWords, centred, splitVector, wordsOf } from './shares.ts'
export { type ByteSource, uniformBelow } from './uniform.ts'
