export { ownWords, type OwnWordsOptions } from './own-words.ts'
export { MAX_HOSTS_PER_ROUND, recheckedHosts } from './rechecked-hosts.ts'
export { type RecheckOptions, recheckHosts } from './recheck-hosts.ts'
export { pageReservation, type Reservation, siteReservations } from './reservations.ts'
