import { existsSync } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../../core/errors/index.ts'
import { parseCharterYaml } from '../../dao/charter/index.ts'
import { showLife } from '../life/index.ts'
import { SHARE_DAYS } from '../../dao/ledger/index.ts'
import { listOf, numberFlag, printJson, type Run, say, settingOf } from '../program/index.ts'
import { operatedBy, readCharterFile } from './charter-check.ts'
import {
  aborted,
  announceOf,
  bytesOf,
  hostsOf,
  isPrivateListen,
  listenOf,
  logger,
  openApi,
  operatorOf,
  readStoredCharter,
  startOperator,
  storeCharter,
  untilStopped,
} from '../wiring/index.ts'

export const run: Run = async (_args, flags) => {
  const stop = untilStopped()
  const home = path.resolve(settingOf('home', flags) as string)
  const listen = listenOf(settingOf('listen', flags))
  const charter = (await readStoredCharter(home)) ?? (await charterFrom(home, String(flags['charter'])))
  const log = await logger(settingOf('logLevel', flags))
  const json = flags['json'] === true
  await using running = await startOperator({
    home,
    listen,
    announce: announceOf(settingOf('announce', flags)),
    privateNetwork: isPrivateListen(listen, flags),
    maxBytes: bytesOf(settingOf('maxBytes', flags)),
    logger: log,
    charter,
    manual: flags['manual'] === true,
    shareDays: numberFlag({ shareDays: settingOf('shareDays', flags) }, 'shareDays', SHARE_DAYS),
    onProgress: ({ what, ...more }) => {
      if (json) printJson({ event: what, ...more })
    },
  })
  const web = { allowPrivate: listOf(settingOf('allowPrivate', flags)), hosts: hostsOf(settingOf('hosts', flags)) }
  await using api = await openApi(running, { address: settingOf('http', flags) as string, web }, log)
  using _life = showLife({ home, role: 'dao', answers: `${api.url}/healthz` })
  if (json) printJson({ ledger: running.operator.ledgerId, http: api.url, addresses: running.addresses })
  say(`ledger  ${running.operator.ledgerId}\nhttp    ${api.url}`)
  for (const address of running.addresses) say(`peer    ${address}`)
  say(`Contributors join with: quern node --dao ${api.url}`)
  await aborted(stop.signal)
  say('stopping')
}

/** The first start fixes the genesis charter: later edits of the file change nothing; a new version goes through a charter entry. */
async function charterFrom(home: string, file: string): Promise<Uint8Array> {
  if (!existsSync(file)) throw new UsageError('CHARTER_MISSING', `no charter at ${file}; "quern dao init" writes one`)
  const parsed = parseCharterYaml(operatedBy(await operatorOf(home), await readCharterFile(file)))
  if (!parsed.ok) {
    const [first] = parsed.problems
    throw new UsageError(
      first?.code ?? 'BAD_CHARTER',
      `${file}:${first?.line} ${first?.path}: ${first?.message}; "quern charter check ${file}" names everything`,
    )
  }
  await storeCharter(home, parsed.bytes)
  return parsed.bytes
}
