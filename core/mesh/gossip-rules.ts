/** What bad gossip costs, in both implementations: gossipsub's P4 (rejected messages, squared) against its graylist. */
export const GOSSIP = {
  /** Score per squared rejected message. Five of them: -100. */
  rejectWeight: -4,
  /** Below this a peer's gossip is not read any more. */
  graylist: -80,
  /** A rejected message is forgiven over this long. */
  forgiveMs: 600_000,
  /** How long a message is remembered as seen. */
  seenMs: 120_000,
} as const
