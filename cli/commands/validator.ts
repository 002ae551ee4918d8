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
  startValidator,
  untilStopped,
} from '../wiring/index.ts'

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const listen = listenOf(settingOf('listen', flags))
  await using running = await startValidator({
    home: settingOf('home', flags) as string,
    listen,
    announce: announceOf(settingOf('announce', flags)),
    privateNetwork: isPrivateListen(listen),
    logger: await logger(settingOf('logLevel', flags)),
    dao: await resolveDao(settingOf('dao', flags)),
    web: { allowPrivate: listOf(settingOf('allowPrivate', flags)), hosts: hostsOf(settingOf('hosts', flags)) },
    operator: settingOf('operator', flags) as string,
    onProgress: ({ what, epoch, count }) => {
      if (flags['json'] === true) printJson({ event: what, epoch, count })
      else say(`epoch ${epoch}  ${what}  ${count}`)
    },
  })
  using _life = showLife({ home: running.home.folder, role: 'validator' })
  say(`validator ${running.home.identity.did} of ${running.validator.state.id}`)
  await aborted(stop.signal)
  say('stopping')
}
