import { UsageError } from '../../core/errors/index.ts'
import { payloads } from '../../schemas/wire/index.ts'
import { showLife } from '../life/index.ts'
import { listOf, printJson, type Run, say, settingOf } from '../program/index.ts'
import {
  aborted,
  announceOf,
  bytesOf,
  hostsOf,
  isPrivateDao,
  listenOf,
  logger,
  resolveDao,
  startContributor,
  systemClock,
  unlessStopped,
  untilStopped,
} from '../wiring/index.ts'
import { crawlOptions, denyOf, workersOf } from './crawl-options.ts'

export const run: Run = async (_args, flags) => {
  const { signal } = untilStopped()
  const listen = listenOf(settingOf('listen', flags))
  const log = await logger(settingOf('logLevel', flags))
  const web = {
    allowPrivate: listOf(settingOf('allowPrivate', flags)),
    hosts: hostsOf(settingOf('hosts', flags)),
    proxy: settingOf('proxy', flags),
  }
  await using stack = new AsyncDisposableStack()
  const worker = workersOf(flags, systemClock, stack)
  const deny = await denyOf(flags, systemClock)
  const { maxPages, maxDepth, delayMs, scope } = crawlOptions(flags, false)
  const contact = typeof flags['contact'] === 'string' ? flags['contact'] : null
  if (!payloads['contributor.join'].shape.contact.safeParse(contact).success)
    throw new UsageError('BAD_CONTACT', 'the ledger takes a --contact of at most 256 characters')
  const dao = await resolveDao(settingOf('dao', flags))
  await using running = await unlessStopped(
    startContributor({
      home: settingOf('home', flags) as string,
      listen,
      announce: announceOf(settingOf('announce', flags)),
      privateNetwork: isPrivateDao(dao, flags),
      maxBytes: bytesOf(settingOf('maxBytes', flags)),
      logger: log,
      dao,
      web,
      crawl: { worker, deny, own: { pages: maxPages, depth: maxDepth, delayMs, scope } },
      signal,
      contact,
      onProgress: ({ what, epoch, records }) => {
        if (flags['json'] === true) printJson({ event: what, epoch, records })
        else say(`epoch ${epoch}  ${what}${records > 0 ? `  ${records} records` : ''}`)
      },
    }),
    signal,
  )
  if (running) {
    using _life = showLife({ home: running.home.folder, role: 'contributor' })
    say(`contributor ${running.home.identity.did} of ${running.contributor.state.id}`)
    await aborted(signal)
  }
  say('stopping')
}
