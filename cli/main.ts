#!/usr/bin/env node
/** Entry point of the `quern` command. */
import '../core/disposal/index.ts'
import { runProgram } from './program/index.ts'
import { specs } from './commands/index.ts'
import { version } from './version.ts'

process.exitCode = await runProgram(version, specs, process.argv.slice(2))
