/** May we fetch, may we train: robots.txt and reservation signals, pure. */
export { crawlDelay, type FetchDecision, mayFetch } from './may-fetch.ts'
export { metaSignals, type MetaSignal } from './page-signals.ts'
export { MAX_QUERN_TXT_BYTES, parseQuernTxt, QUERN_TXT_PATH } from './quern-txt.ts'
export {
  MAX_ROBOTS_BYTES,
  noRobots,
  parseRobots,
  type Robots,
  type RobotsGroup,
  type RobotsRule,
  robotsOfExchange,
  unreachableRobots,
  type UsageLine,
} from './robots.ts'
export { type Decision, robotsDirectives, type TrainDecision, trainDecision, type TrainInput, type TrainSignal } from './train.ts'
