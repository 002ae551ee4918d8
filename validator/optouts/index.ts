export { MAX_HOSTS_PER_ROUND, recheckedHosts } from './rechecked-hosts.ts'
export { pageReservation } from './page-reservation.ts'
export { type RecheckOptions, recheckHosts, type Reservation } from './recheck-hosts.ts'
