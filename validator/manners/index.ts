/** How a validator asks the web: as a crawler does, whatever it asks for. */
export { HostTurns, MAX_REST_MS } from './host-turns.ts'
export { type SlotShare, slotShare } from './slots.ts'
export { HostWishes } from './wishes.ts'
export { type Asked, type AskingTime, HostClosedError, PoliteWeb, type PoliteWebOptions, type Visit } from './polite-web.ts'
