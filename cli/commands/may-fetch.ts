import { codeOf, RefusedError, UsageError } from '../../core/errors/index.ts'
import { askSite, openWeb } from '../../core/web/index.ts'
import {
  type Answer,
  answer,
  mayFetchLine,
  noRules,
  productToken,
  siteOfTexts,
  type SiteRules,
  unreachableRobots,
} from '../../schemas/permission/index.ts'
import {
  AGENT,
  answerLines,
  type Flags,
  listOf,
  print,
  printable,
  printJson,
  readTextAtMost,
  type Run,
  say,
  settingOf,
} from '../program/index.ts'
import { hostsOf, systemClock } from '../wiring/index.ts'
import { contactOf } from './contact.ts'
import { profileOf } from './crawl-options.ts'

const MAX_FILE_BYTES = 16 << 20
/** Between two rule files of one site. */
const PAUSE_MS = 1000

export const run: Run = async ([given], flags) => {
  const agent = productToken(String(flags['agent']))
  if (agent === undefined) throw new UsageError('BAD_FLAG', '--agent begins with a product token: letters, _ and -')
  if (flags['jsonl'] === true) return answerLines(given ?? '-', (line) => mayFetchLine(line, agent))
  const url = given === undefined ? null : URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new UsageError('BAD_URL', 'which page? give its http(s) URL')
  url.hash = ''
  const profile = profileOf(flags)
  const headers = (flags['header'] as string[]).map(headerOf)
  const html = typeof flags['html'] === 'string' ? await readTextAtMost(flags['html'], MAX_FILE_BYTES) : null
  const site =
    typeof flags['robots'] === 'string'
      ? siteOfTexts({ url: url.href, robots: await readTextAtMost(flags['robots'], MAX_FILE_BYTES) })
      : await ask(url.origin, agent, flags)
  const told = answer({ url: url.href, agent, profile, site, headers, html })
  if (flags['json'] === true) printJson({ url: url.href, ...told })
  else tell(told, profile)
  return told.fetch.allowed && told.train.allowed ? 0 : 3
}

/** The site's own files, one after the other, through the address guard. That they cannot be had forbids everything. */
async function ask(origin: string, agent: string, flags: Flags): Promise<SiteRules> {
  // a person's own question may go without; what is given must be one
  const contact = contactOf(flags, [], {})
  const userAgent = `${AGENT}/1.0${contact === undefined ? '' : ` (+${contact})`}`
  const allowPrivate = listOf(settingOf('allowPrivate', flags))
  await using web = await openWeb({ clock: systemClock, userAgent, allowPrivate, hosts: hostsOf(settingOf('hosts', flags)) })
  const { signal } = new AbortController()
  let first = true
  try {
    const { rules } = await askSite(origin, agent, async ({ url, maxBytes }) => {
      if (!first) await systemClock.sleep(PAUSE_MS, signal)
      first = false
      return web.get(url, { signal, maxBytes })
    })
    return rules
  } catch (error) {
    if (error instanceof RefusedError || codeOf(error) === 'INTERNAL') throw error
    say(`the site’s rules cannot be had [${codeOf(error)}]: nothing may be fetched until they can`)
    return { ...noRules, robots: { ...noRules.robots, rules: unreachableRobots } }
  }
}

function tell({ fetch, train }: Answer, profile: string): void {
  const why =
    fetch.rule === null ? (fetch.allowed ? 'no rule applies' : 'robots.txt cannot be had') : `robots.txt line ${fetch.line}: ${fetch.rule}`
  print(printable(`fetch  ${fetch.allowed ? 'allowed' : 'not allowed'}  ${why}`))
  print(`train  ${train.allowed ? 'allowed' : 'not allowed'}  ${train.decision}, profile ${profile}`)
  for (const { source, value, line } of train.signals) print(printable(`       ${source}${line === null ? '' : ` line ${line}`}: ${value}`))
}

function headerOf(line: string): [string, string] {
  const [, name, value = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*([^\r\n]*)$/.exec(line) ?? []
  if (name === undefined) throw new UsageError('BAD_FLAG', '--header takes "Name: value"')
  return [name, value]
}
