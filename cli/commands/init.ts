import path from 'node:path'
import { makeFolder, openHome } from '../../core/home/index.ts'
import { openKeyFile } from '../../core/identity/index.ts'
import { print, printJson, type Run, settingOf } from '../program/index.ts'

export const run: Run = async (_args, flags) => {
  const home = await openHome(settingOf('home', flags) as string)
  await makeFolder(path.join(home, 'keys'))
  const { did, peer } = await openKeyFile(path.join(home, 'keys', 'identity.key'))
  if (flags['json'] === true) printJson({ home, account: did, peer })
  else
    print(
      `home     ${home}\naccount  ${did}\npeer     ${peer}\nThe key in ${path.join(home, 'keys')} is the account: keep a copy, show it to nobody.`,
    )
}
