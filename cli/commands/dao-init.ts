import { existsSync } from 'node:fs'
import path from 'node:path'
import { stringify } from 'yaml'
import { UsageError } from '../../core/errors/index.ts'
import { makeFolder, openHome, writeFileDurably } from '../../core/home/index.ts'
import { openKeyFile } from '../../core/identity/index.ts'
import { charterTemplate, localRules, parseCharterYaml } from '../../dao/charter/index.ts'
import { listOf, print, printJson, type Run, settingOf } from '../program/index.ts'

export const run: Run = async (_args, flags) => {
  const out = String(flags['out'])
  if (existsSync(out)) throw new UsageError('FILE_EXISTS', `${out} is there already; edit it, or give another --out`)
  const contact = flags['contact']
  if (typeof contact !== 'string')
    throw new UsageError('CONTACT_MISSING', 'site owners must be able to reach a person: give --contact mailto:… or https://…')
  const home = await openHome(settingOf('home', flags) as string)
  await makeFolder(path.join(home, 'keys'))
  const { did } = await openKeyFile(path.join(home, 'keys', 'identity.key'))
  const start = { name: String(flags['name']), operator: did, contact, seeds: listOf(flags['seeds'] as string | undefined) }
  const allowPrivate = listOf(settingOf('allowPrivate', flags))
  const yaml = flags['local'] === true ? stringify(localRules({ ...start, allowPrivate })) : charterTemplate(start)
  const parsed = parseCharterYaml(yaml)
  if (!parsed.ok)
    throw new UsageError(parsed.problems[0]?.code ?? 'BAD_CHARTER', `${parsed.problems[0]?.path}: ${parsed.problems[0]?.message}`)
  await writeFileDurably(out, yaml)
  if (flags['json'] === true) printJson({ charter: out, operator: did, home })
  else
    print(
      `charter   ${out}\noperator  ${did}\nNext: edit ${out}, then "quern charter check ${out}" and "quern dao serve --charter ${out}".`,
    )
}
