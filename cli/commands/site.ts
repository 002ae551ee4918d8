import path from 'node:path'
import { makeFolder } from '../../core/home/index.ts'
import { showLife } from '../life/index.ts'
import { printJson, type Run, say, settingOf } from '../program/index.ts'
import { serveSampleSite } from '../sample-site/index.ts'
import { aborted, hostPort, untilStopped } from '../wiring/index.ts'

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const home = path.resolve(settingOf('home', flags) as string)
  const where = hostPort(settingOf('http', flags) as string)
  const site = await serveSampleSite(where)
  await makeFolder(home)
  using _life = showLife({ home, role: 'site', answers: `http://127.0.0.1:${site.port}/` })
  if (flags['json'] === true) printJson({ port: site.port, urls: site.urls })
  for (const url of site.urls) say(url)
  await aborted(stop.signal)
  say('stopping')
  await site.close()
}
