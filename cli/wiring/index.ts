export { type Api, type ApiSettings, openApi } from './api.ts'
export { resolveDao } from './dao-address.ts'
export { announceOf, bytesOf, hostPort, hostsOf, isPrivateDao, isPrivateListen, isPublicMultiaddr, listenOf } from './listen.ts'
export { logger } from './logging.ts'
export { operatorOf } from './operator-key.ts'
export { type DaoFacts, learnDao, type OfferedPolicy } from './dao-facts.ts'
export {
  hasSeed,
  isBackedUp,
  knownLedger,
  openSeed,
  openSubjectHome,
  rememberBackup,
  rememberLedger,
  type SubjectHome,
} from './pool-home.ts'
export {
  assemblerKey,
  canaryKeyIn,
  fileSink,
  keepRelease,
  releasesMadeIn,
  readReleaseManifest,
  readReleaseSecret,
} from './pool-releases.ts'
export { type KeptRound, RoundFolder } from './pool-rounds.ts'
export { cutInto, releaseJob } from './release-job.ts'
export { openRoleHome, type RoleHome } from './role-home.ts'
export {
  type RunningContributor,
  type RunningOperator,
  type RunningValidator,
  startContributor,
  startOperator,
  startValidator,
  webFor,
  type WebSettings,
} from './start-roles.ts'
export { readStoredCharter, storeCharter } from './stored-charter.ts'
export { aborted, secureBytes, systemClock, systemEffects, systemRandom, unlessStopped, untilStopped } from './system.ts'
export { daoFolder, localReleases, logFolder, releaseFolder, resharesFolder, waitingSharesFolder } from './places.ts'
export { type OperatorWriter, operatorWriter } from './operator-writer.ts'
export { daoInfo, type DaoInfo, getBytes, getJson, httpBase, postForJson, submit } from './http.ts'
export { LogCopy } from './log-copy.ts'
export { awaitReshares, openReshares } from './reshares.ts'
export { replayFolder, type Replayed, type ReplayedPool, replayPool } from './replay.ts'
export { holdAgainst, type TrustedOperator, trustedOperator, unvouched } from './trusted-operator.ts'
