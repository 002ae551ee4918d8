import { InvalidInputError } from '../../core/errors/index.ts'
import {
  type CharterChange,
  compareCharters,
  describeCharter,
  parseCharterYaml,
  problemLine,
  type ReadPage,
} from '../../dao/charter/index.ts'
import { type Charter, MAX_CHARTER_BYTES, type SelectorSchema } from '../../schemas/wire/index.ts'
import { print, printable, printJson, readTextAtMost, type Run, say } from '../program/index.ts'
import { pagesBeside, readPageFlag, reportLines, reportOf, schemaOf } from './selector-report.ts'

/** The text of a charter file. Throws InvalidInputError FILE_UNREADABLE or TOO_LARGE. */
export const readCharterFile = (file: string): Promise<string> => readTextAtMost(file, MAX_CHARTER_BYTES, '"quern dao init" writes one')

/** `operator: self` stands for the account of whoever serves the charter: one file then starts any number of trial networks. */
export function operatedBy(account: string, text: string): string {
  return text.replace(/^operator:[ \t]+self(?=[ \t]*(?:#.*)?$)/m, `operator: ${account}`)
}

/** Fits where only the form of an account counts. */
const ANYBODY = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK'

/** A charter file that passes its check, whoever operates it. Throws InvalidInputError BAD_CHARTER with the first problem. */
export async function checkedCharter(file: string): Promise<Charter> {
  const parsed = parseCharterYaml(operatedBy(ANYBODY, await readCharterFile(file)), { readPage: pagesBeside(file) })
  if (parsed.ok) return parsed.charter
  const [first] = parsed.problems
  throw new InvalidInputError('BAD_CHARTER', first === undefined ? `${file} is no charter` : problemLine(first, file))
}

export const run: Run = async ([file = 'charter.yaml'], flags) => {
  const readPage = pagesBeside(file)
  const parsed = parseCharterYaml(operatedBy(ANYBODY, await readCharterFile(file)), { readPage })
  const json = flags['json'] === true
  if (!parsed.ok) {
    if (json) printJson({ ok: false, problems: parsed.problems })
    for (const { line, column, path, message, fix, code } of parsed.problems)
      say(printable(`${file}:${line}:${column} ${path}: ${message} [${code}]\n    ${fix}`))
    return 3
  }
  const { charter, cid } = parsed
  const pages = typeof flags['page'] === 'string' ? [onePage(charter, flags)] : examplePages(charter, readPage)
  const reports = pages.map(({ schema, url, html }) => reportOf(charter, schema, url, html))
  const changes = typeof flags['against'] === 'string' ? compareCharters(await checkedCharter(flags['against']), charter) : undefined
  if (json) printJson({ ok: true, cid: cid.toString(), charter, pages: reports, ...(changes && { changes }) })
  else {
    print(describeCharter(charter))
    if (changes !== undefined) print(printable(`\n${changeLines(changes, String(flags['against'])).join('\n')}`))
    for (const report of reports) print(printable(`\n${reportLines(charter, report).join('\n')}`))
    print(`${reports.length > 0 ? '\n' : ''}${file} is right; its CID is ${cid.toString()}`)
  }
  // a page that is tried by itself answers the question whether it gives a record
  return typeof flags['page'] === 'string' && reports.some(({ records }) => records === 0) ? 3 : 0
}

function changeLines(changes: readonly CharterChange[], file: string): string[] {
  if (changes.length === 0) return [`says the same as ${file}`]
  const said = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value))
  return [`changes against ${file}:`, ...changes.map(({ path, before, after }) => `  ${path}: ${said(before)} -> ${said(after)}`)]
}

interface PageToTry {
  schema: SelectorSchema
  url: string
  html: string
}

function onePage(charter: Charter, flags: Parameters<Run>[1]): PageToTry {
  return { schema: schemaOf(charter, flags['schema']), ...readPageFlag(String(flags['page']), flags['url']) }
}

function examplePages({ selectors }: Charter, readPage: ReadPage): PageToTry[] {
  return selectors.flatMap((schema) =>
    schema.examples.flatMap(({ url, html, file }): PageToTry[] => {
      const text = html ?? (file === null ? undefined : readPage(file))
      return text === undefined ? [] : [{ schema, url, html: text }]
    }),
  )
}
