import path from 'node:path'
import { makeFolder, openHome } from '../../core/home/index.ts'
import { openKeyFile } from '../../core/identity/index.ts'

/** The account of a home folder; made on first use. */
export async function operatorOf(home: string): Promise<string> {
  const folder = await openHome(home)
  await makeFolder(path.join(folder, 'keys'))
  return (await openKeyFile(path.join(folder, 'keys', 'identity.key'))).did
}
