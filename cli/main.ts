#!/usr/bin/env node
/** Entry point; the commands are not wired yet. */
process.exitCode = 2
