import { readFile, stat } from 'node:fs/promises'
import { InvalidInputError } from '../../core/errors/index.ts'
import { describeCharter, parseCharterYaml } from '../../dao/charter/index.ts'
import { MAX_CHARTER_BYTES } from '../../schemas/wire/index.ts'
import { print, printJson, type Run, say } from '../program/index.ts'

/** The text of a charter file. Throws InvalidInputError FILE_UNREADABLE or TOO_LARGE. */
export async function readCharterFile(file: string): Promise<string> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new InvalidInputError('FILE_UNREADABLE', `cannot read ${file}; "quern dao init" writes one`, { cause })
  })
  if (found.size > MAX_CHARTER_BYTES) throw new InvalidInputError('TOO_LARGE', `a charter has at most ${MAX_CHARTER_BYTES} bytes`)
  return readFile(file, 'utf8')
}

/** `operator: self` stands for the account of whoever serves the charter: one file then starts any number of trial networks. */
export function operatedBy(account: string, text: string): string {
  return text.replace(/^operator:[ \t]+self(?=[ \t]*(?:#.*)?$)/m, `operator: ${account}`)
}

/** Fits where only the form of an account counts. */
const ANYBODY = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

export const run: Run = async ([file = 'charter.yaml'], flags) => {
  const parsed = parseCharterYaml(operatedBy(ANYBODY, await readCharterFile(file)))
  if (flags['json'] === true)
    printJson(parsed.ok ? { ok: true, cid: parsed.cid.toString(), charter: parsed.charter } : { ok: false, problems: parsed.problems })
  if (parsed.ok) {
    if (flags['json'] !== true) print(`${describeCharter(parsed.charter)}\n${file} is right; its CID is ${parsed.cid.toString()}`)
    return 0
  }
  for (const { line, column, path, message, fix, code } of parsed.problems)
    say(`${file}:${line}:${column} ${path}: ${message} [${code}]\n    ${fix}`)
  return 3
}
