/** How the shares of a personal pool are looked after: what is due, the deed, and who has fallen silent. The curve loads with the first deed. */
export {
  againAfter,
  betweenRefreshes,
  type Committee,
  dealersOf,
  type HoldersView,
  nextHolders,
  type Turn,
  turns,
  type Wish,
} from './due.ts'
export { type LogReshare, type OpenReshares, type Prepared, ReshareBook } from './reshare-book.ts'
export { type ReshareOutcome, type Reshare, reshareOne } from './reshare-one.ts'
export { ASK_SECONDS, decodeSilences, encodeSilences, GONE_SECONDS, type Silence, SILENT_SECONDS, stillSilent } from './silence.ts'
export { type CustodyStanding, standingOf } from './standing.ts'
