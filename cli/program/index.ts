export { AGENT } from './agent.ts'
export { exitCodeOf, print, printable, printJson, say, sayError, table, toJson } from './io.ts'
export { type CommandSpec, type Flags, numberFlag, type Run, runProgram } from './program.ts'
export { listOf, type SettingName, settingOf, settings } from './settings.ts'
