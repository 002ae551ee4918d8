import { showLife } from '../life/index.ts'
import { listOf, printJson, type Run, say, settingOf } from '../program/index.ts'
import {
  aborted,
  announceOf,
  hostsOf,
  isPrivateListen,
  listenOf,
  logger,
  resolveDao,
  startContributor,
  untilStopped,
} from '../wiring/index.ts'

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const listen = listenOf(settingOf('listen', flags))
  const contact = flags['contact']
  await using running = await startContributor({
    home: settingOf('home', flags) as string,
    listen,
    announce: announceOf(settingOf('announce', flags)),
    privateNetwork: isPrivateListen(listen),
    logger: await logger(settingOf('logLevel', flags)),
    dao: await resolveDao(settingOf('dao', flags)),
    web: { allowPrivate: listOf(settingOf('allowPrivate', flags)), hosts: hostsOf(settingOf('hosts', flags)) },
    contact: typeof contact === 'string' ? contact : null,
    onProgress: ({ what, epoch, records }) => {
      if (flags['json'] === true) printJson({ event: what, epoch, records })
      else say(`epoch ${epoch}  ${what}${records > 0 ? `  ${records} records` : ''}`)
    },
  })
  using _life = showLife({ home: running.home.folder, role: 'contributor' })
  say(`contributor ${running.home.identity.did} of ${running.contributor.state.id}`)
  await aborted(stop.signal)
  say('stopping')
}
