/** The command line: what there is, in words. Each command's code loads only when it runs, so that `--help` is quick. */
import { Command, CommanderError, Option } from 'commander'
import { UsageError } from '../../core/errors/index.ts'
import { exitCodeOf, printJson, say, sayError } from './io.ts'
import { type Setting, type SettingName, settings } from './settings.ts'

export type Flags = Record<string, unknown>
/** A command's work; it resolves with the exit code, 0 when it gives none. */
export type Run = (args: string[], flags: Flags) => Promise<number | void>

/** `--colour <red|green>` takes one of these words; `repeat`: may be given several times, and is a list. */
export type OptionSpec = [flags: string, description: string, fallback?: string | undefined, repeat?: 'repeat']

export interface CommandSpec {
  /** `dataset query`; arguments in commander's notation follow. */
  name: string
  args?: string
  summary: string
  example: string
  /** For containers and tests: works, and is not listed. */
  hidden?: boolean
  settings?: SettingName[]
  options?: OptionSpec[]
  load: () => Promise<{ run: Run }>
}

/** Runs argv; resolves with the exit code. */
export async function runProgram(version: string, specs: readonly CommandSpec[], argv: readonly string[]): Promise<number> {
  let code = 0
  const program = new Command('quern')
    .description('Gather training data in the open, and prove who gathered what.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
    .showHelpAfterError('(run with --help for usage)')
  const groups = new Map<string, Command>()
  for (const spec of specs) {
    const words = spec.name.split(' ')
    const leaf = words.pop() as string
    const parent = words.length === 0 ? program : groupOf(program, groups, words.join(' '), spec.hidden === true)
    const command = parent
      .command(spec.args ? `${leaf} ${spec.args}` : leaf, { hidden: spec.hidden === true })
      .description(spec.summary)
      .exitOverride()
    for (const name of spec.settings ?? []) {
      const { flag, env, help, fallback }: Setting = settings[name]
      command.option(flag, `${help} [${env}${fallback ? `; ${fallback}` : ''}]`)
    }
    for (const option of spec.options ?? []) command.addOption(optionOf(option))
    command.option('--json', 'one JSON object, or JSON lines, on stdout')
    command.addHelpText('after', `\nExample:\n  ${spec.example}`)
    command.action(async (...given: unknown[]) => {
      const flags = command.opts<Flags>()
      const args = given.slice(0, -2).flatMap((arg) => (Array.isArray(arg) ? (arg as string[]) : typeof arg === 'string' ? [arg] : []))
      try {
        const { run } = await spec.load()
        code = (await run(args, flags)) ?? 0
      } catch (error) {
        sayError(error, flags['json'] === true)
        if (error instanceof UsageError) say(`Run "quern ${spec.name} --help" for usage.`)
        code = exitCodeOf(error)
      }
    })
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // asked for help, or the version
    if (error.exitCode === 0 && error.code !== 'commander.help') return 0
    // commander itself has said it in words
    if (argv.includes('--json')) printJson({ error: { code: codeOfUsage(error), message: error.message.replace(/^error: /, '') } })
    return 2
  }
  return code
}

function optionOf([flag, description, fallback, repeat]: OptionSpec): Option {
  const option = new Option(flag, description)
  const choices = /<([a-z]+(?:\|[a-z]+)+)>$/.exec(flag)?.[1]?.split('|')
  if (choices !== undefined) option.choices(choices)
  if (repeat === undefined) return option.default(fallback)
  return option.argParser((value: string, before: string[]) => [...before, value]).default([])
}

/** `commander.unknownOption` is UNKNOWN_OPTION; a group without a command is COMMAND_MISSING. */
function codeOfUsage({ code }: CommanderError): string {
  const name = code.replace(/^commander\./, '')
  return name === 'help' ? 'COMMAND_MISSING' : name.replace(/[A-Z]/g, '_$&').toUpperCase()
}

const GROUPS: Record<string, string> = {
  dao: 'operate a DAO: charter, service, epochs, releases',
  dataset: 'find, read, fetch and verify releases',
  ledger: 'read and replay the ledger',
  pool: 'personal data: looked at on this machine, offered to a DAO, withdrawn',
  log: 'verify and prove entries of the transparency log',
}

/** The group of that name; made with its first command, and listed unless that is hidden. */
function groupOf(program: Command, groups: Map<string, Command>, name: string, hidden: boolean): Command {
  const known = groups.get(name)
  if (known) return known
  const words = name.split(' ')
  const leaf = words.pop() as string
  const parent = words.length === 0 ? program : groupOf(program, groups, words.join(' '), hidden)
  const group = parent
    .command(leaf, { hidden })
    .description(GROUPS[name] ?? name)
    .exitOverride()
  groups.set(name, group)
  return group
}

/** A whole number from a flag. Throws UsageError. */
export function numberFlag(flags: Flags, name: string, fallback: number): number {
  const value = flags[name]
  if (value === undefined) return fallback
  const number = Number(value)
  if (!Number.isSafeInteger(number) || number < 0)
    throw new UsageError(
      'BAD_FLAG',
      `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)} takes a whole number, not ${JSON.stringify(value)}`,
    )
  return number
}
