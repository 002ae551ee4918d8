/** Releases of personal pools: an order, an age file for one trainer, a public manifest, and what follows when somebody withdraws. */
export { cellKey, Cells, generalise, LEVELS, type Plan, published, type Quasi, quasiOf } from './anonymise.ts'
export { describePoolAiAct } from './ai-act.ts'
export {
  type Assembled,
  assemblePoolRelease,
  type Assembling,
  type BundleSink,
  type KnownWithdrawals,
} from './assemble.ts'
export { FILES as BUNDLE_FILES, MAX_BUNDLE_FILE_BYTES } from './bundle.ts'
export { makeCanaries, recognise } from './canaries.ts'
export { canaryCommit, canaryKeyOf, leafSalt, memberCommit, memberTag, personOf } from './derive.ts'
export { encodeReleaseSecret, readReleaseSecret, releaseEntry, type Report } from './describe-release.ts'
export { FeedDesk, type FeedDeskOptions } from './feed-desk.ts'
export { describeLicence, type LicenceTerms } from './licence.ts'
export { describePoolRelease, type NamedRelease, readPoolRelease, signPoolRelease } from './manifest.ts'
export { isMember, membershipRoot, proveMembership } from './membership.ts'
export { openNotices, sealNotices } from './notice-box.ts'
export { NoticeDesk, type NoticeDeskOptions } from './notice-desk.ts'
export { type Member, memberLines, readMembers } from './members.ts'
export {
  contributionOf,
  isOf,
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
export { linesOf, openBundle, type OpenBundle, type OpenedBundle, rowOf } from './open-bundle.ts'
export { type ReadChunks } from './open-contribution.ts'
export { type ChunkHolders, chunkReader } from './read-chunk.ts'
export { oneOrder, type OrderDraft, ordersCid, readOrder, type ReadOrder, signOrder, signOrders } from './order.ts'
export { type CountingTerms, countsFault, paymentOf, PeopleCounts } from './people-counts.ts'
export { type PoolRow, poolRow, rowLine } from './row.ts'
export {
  contributionsOf,
  isEndedInLedger,
  type LeftOut,
  type PoolContribution,
  type Selected,
  selectContributions,
  tokensAtMost,
} from './select.ts'
export { askInclusion, type InclusionDesk, serveInclusion } from './serve-inclusion.ts'
export { readTags, signTags, TagDesk, type TagDeskOptions, tagsOf } from './tag-desk.ts'
export { tarFile, TAR_END, untar } from './tar.ts'
