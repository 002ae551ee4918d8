import { denyOf } from './crawl-options.ts'
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
  startValidator,
  systemClock,
  unlessStopped,
  untilStopped,
} from '../wiring/index.ts'

export const run: Run = async (_args, flags) => {
  const { signal } = untilStopped()
  const listen = listenOf(settingOf('listen', flags))
  const log = await logger(settingOf('logLevel', flags))
  const web = { allowPrivate: listOf(settingOf('allowPrivate', flags)), hosts: hostsOf(settingOf('hosts', flags)) }
  const dao = await resolveDao(settingOf('dao', flags))
  await using running = await unlessStopped(
    startValidator({
      home: settingOf('home', flags) as string,
      listen,
      announce: announceOf(settingOf('announce', flags)),
      privateNetwork: isPrivateDao(dao, flags),
      maxBytes: bytesOf(settingOf('maxBytes', flags)),
      logger: log,
      dao,
      web,
      signal,
      operator: settingOf('operator', flags) as string,
      deny: await denyOf(flags, systemClock),
      onProgress: ({ what, epoch, count }) => {
        if (flags['json'] === true) printJson({ event: what, epoch, count })
        else say(`epoch ${epoch}  ${what}  ${count}`)
      },
    }),
    signal,
  )
  if (running) {
    using _life = showLife({ home: running.home.folder, role: 'validator' })
    say(`validator ${running.home.identity.did} of ${running.validator.state.id}`)
    await aborted(signal)
  }
  say('stopping')
}
