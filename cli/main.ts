#!/usr/bin/env node
/** Entry point of the `quern` command. */
import './early-stop.ts'
import '../core/disposal/index.ts'
import { runProgram } from './program/index.ts'
import { specs } from './commands/index.ts'
import { version } from './version.ts'

// a reader that has seen enough (`| head`) is no fault
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1)
})

process.exitCode = await runProgram(version, specs, process.argv.slice(2))
