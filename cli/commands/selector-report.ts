/** What a charter's own schemas find on a page, field by field, for the person who writes them. */
import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import type { ReadPage } from '../../dao/charter/index.ts'
import { runPipelineOnHtml, pipelineIdOf, pipelineOptions, recordsOf } from '../../schemas/pipeline/index.ts'
import { type Attempt, tryPage } from '../../schemas/selectors/index.ts'
import { type Charter, schemaIdOf, type SelectorSchema } from '../../schemas/wire/index.ts'
import { table } from '../program/index.ts'

/** A saved page of an example; the pipeline's own limit is lower. */
const MAX_PAGE_BYTES = 16 << 20

/** Reads pages below the folder in which the charter lies. The names were checked: none leads out of it. */
export function pagesBeside(charterFile: string): ReadPage {
  return (file) => {
    const place = path.join(path.dirname(charterFile), file)
    try {
      return statSync(place).size > MAX_PAGE_BYTES ? undefined : readFileSync(place, 'utf8')
    } catch {
      return undefined
    }
  }
}

/** The schema that is asked for, or the first. Throws UsageError NO_SELECTORS or UNKNOWN_SCHEMA. */
export function schemaOf({ selectors }: Charter, wanted: unknown): SelectorSchema {
  const [first] = selectors
  if (first === undefined) throw new UsageError('NO_SELECTORS', 'this charter describes no schema of its own: it has no `selectors`')
  const found = typeof wanted === 'string' ? selectors.find((schema) => schemaIdOf(schema) === wanted || schema.name === wanted) : first
  if (found === undefined) throw new UsageError('UNKNOWN_SCHEMA', `the charter describes ${selectors.map(schemaIdOf).join(', ')}`)
  return found
}

/** `--page FILE --url URL`. Throws UsageError URL_MISSING or BAD_URL, InvalidInputError FILE_UNREADABLE. */
export function readPageFlag(page: string, url: unknown): { url: string; html: string } {
  if (typeof url !== 'string') throw new UsageError('URL_MISSING', 'where did the page come from? give --url')
  if (!URL.canParse(url)) throw new UsageError('BAD_URL', `"${url}" is not a URL`)
  const html = pagesBeside(page)(path.basename(page))
  if (html === undefined) throw new InvalidInputError('FILE_UNREADABLE', `cannot read ${page}`)
  return { url: new URL(url).href, html }
}

export interface PageReport extends Attempt {
  schema: string
  url: string
  /** Records that the page gives, and the least tokens among them. */
  records: number
  tokens: number
  refusal: { code: string; message: string } | null
}

export function reportOf(charter: Charter, schema: SelectorSchema, url: string, html: string): PageReport {
  const result = runPipelineOnHtml(url, html, pipelineIdOf(schema), pipelineOptions(charter))
  const records = result.ok ? recordsOf(result) : []
  return {
    schema: schemaIdOf(schema),
    url,
    records: records.length,
    tokens: Math.min(...records.map(({ tokens }) => tokens), Number.MAX_SAFE_INTEGER),
    refusal: result.ok ? null : result.error,
    ...tryPage(html, url, schema),
  }
}

/** A table per page or item: field, matches, value, and what could help where there is none. */
export function reportLines(charter: Charter, report: PageReport): string[] {
  const { schema, url, records, refusal, items, hint, tried, tokens } = report
  const lines = [
    `${schema}  ${url}  ${refusal === null ? `${records} ${records === 1 ? 'record' : 'records'}` : `no record: ${refusal.message} [${refusal.code}]`}`,
  ]
  if (hint !== null) lines.push(`  each: ${hint}`)
  for (const [i, fields] of tried.entries()) {
    if (items > 1) lines.push(`  item ${i}`)
    const rows = fields.map(({ name, matches, value, hint: help }) => [
      `    ${name}`,
      String(matches),
      help === null ? JSON.stringify(value).slice(0, 100) : `- ${help}`,
    ])
    lines.push(
      ...table([['    field', 'matches', 'value'], ...rows], 9)
        .split('\n')
        .map((line) => line.trimEnd()),
    )
  }
  if (items > tried.length) lines.push(`  and ${items - tried.length} items more`)
  if (records > 0 && tokens < charter.value.minTokens)
    lines.push(`  ! a record here has ${tokens} tokens and counts nothing: value.minTokens is ${charter.value.minTokens}`)
  return lines
}
