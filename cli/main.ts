#!/usr/bin/env node
/** Entry point of the `quern` command. */
import './early-stop.ts'
import { setFlagsFromString } from 'node:v8'
import '../core/disposal/index.ts'
import { runProgram } from './program/index.ts'
import { specs } from './commands/index.ts'
import { version } from './version.ts'

// the pages that every role reads are young when they die: see `node/crawl/page-thread.ts`
setFlagsFromString('--no-allocation-site-pretenuring')
// a reader that has seen enough (`| head`) is no fault
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

// what waits for nothing but a deadline, as a connection that closes may, has to live to see it: the platform's deadlines keep no process alive
const alive = setInterval(() => undefined, 1 << 30)
process.exitCode = await runProgram(version, specs, process.argv.slice(2))
clearInterval(alive)
