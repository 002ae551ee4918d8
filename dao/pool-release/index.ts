/** Releases of personal pools: an order, an age file for one trainer, a public manifest, and what follows when somebody withdraws. */
export { cellKey, Cells, generalise, LEVELS, type Plan, published, type Quasi, quasiOf } from './anonymise.ts'
export { describePoolAiAct } from './ai-act.ts'
export {
  type Assembled,
  assemblePoolRelease,
  type Assembling,
  type BundleSink,
  encodeReleaseSecret,
  type KnownWithdrawals,
  readReleaseSecret,
  releaseEntry,
  type Report,
} from './assemble.ts'
export { FILES as BUNDLE_FILES, MAX_BUNDLE_FILE_BYTES } from './bundle.ts'
export { makeCanaries, recognise } from './canaries.ts'
export { canaryCommit, canaryKeyOf, personOf } from './derive.ts'
export { FeedDesk, type FeedDeskOptions } from './feed-desk.ts'
export { describeLicence, type LicenceTerms } from './licence.ts'
export { describePoolRelease, type NamedRelease, readPoolRelease, signPoolRelease } from './manifest.ts'
export { isMember, membershipRoot, proveMembership } from './membership.ts'
export { openNotices, sealNotices } from './notice-box.ts'
export { NoticeDesk, type NoticeDeskOptions } from './notice-desk.ts'
export {
  type Member,
  noticeFor,
  readFeed,
  readNotice,
  signFeed,
  dueAt,
  type StaleMember,
  staleMembers,
  tombstoneRoot,
  withdrawalsIn,
  withdrawalsSince,
} from './notices.ts'
export { linesOf, openBundle, type OpenBundle, type OpenedBundle, readMembers, rowOf } from './open-bundle.ts'
export { eventsOf, type Keys, keysOf, type Opening, type ReadChunk } from './open-contribution.ts'
export { type OrderDraft, readOrder, signOrder } from './order.ts'
export { type PoolRow, poolRow, rowLine } from './row.ts'
export {
  contributionsOf,
  isEnded,
  isEndedInLedger,
  type LeftOut,
  type PoolContribution,
  type Selected,
  selectContributions,
} from './select.ts'
export { askInclusion, type InclusionDesk, serveInclusion } from './serve-inclusion.ts'
export { tarFile, TAR_END, untar } from './tar.ts'
