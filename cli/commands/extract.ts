import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { decodeHtml, extractLine, pipelineIdOf, pipelineOptions, recordsOf, runPipelineOnHtml } from '../../schemas/pipeline/index.ts'
import { answerLines, print, readAtMost, type Run } from '../program/index.ts'
import { checkedCharter } from './charter-check.ts'
import { schemaOf } from './selector-report.ts'

/** The pipeline's own limit is lower; this one keeps a mistake from filling the memory. */
const MAX_HTML_BYTES = 16 << 20

export const run: Run = async ([file = '-'], flags) => {
  if (flags['jsonl'] === true) return answerLines(file, (line) => extractLine(line))
  if (typeof flags['url'] !== 'string') throw new UsageError('URL_MISSING', 'where did the page come from? give --url')
  const url = URL.parse(flags['url'])
  if (url === null) throw new UsageError('BAD_URL', `"${flags['url']}" is not a URL`)
  // as evidence would name it
  url.hash = ''
  const html = decodeHtml(await readAtMost(file, MAX_HTML_BYTES), null).text
  const charter = typeof flags['charter'] === 'string' ? await checkedCharter(flags['charter']) : undefined
  const result =
    charter === undefined
      ? runPipelineOnHtml(url.href, html)
      : runPipelineOnHtml(url.href, html, pipelineIdOf(schemaOf(charter, flags['schema'])), pipelineOptions(charter))
  if (!result.ok) throw new InvalidInputError(result.error.code, result.error.message)
  for (const { record } of recordsOf(result)) print(new TextDecoder().decode(record))
}
