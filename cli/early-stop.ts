/**
 * Loads first: a stop request that comes while a command is still loading ends the process as cleanly as a later one, because nothing has begun.
 * `untilStopped` takes over when the command runs.
 */
process.once('SIGTERM', () => process.exit(0))

export {}
