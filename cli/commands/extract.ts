import { createReadStream } from 'node:fs'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { InvalidInputError, UsageError } from '../../core/errors/index.ts'
import { extractLine, pipelineIdOf, pipelineOptions, recordsOf, runPipelineOnHtml } from '../../schemas/pipeline/index.ts'
import { print, type Run } from '../program/index.ts'
import { checkedCharter } from './charter-check.ts'
import { schemaOf } from './selector-report.ts'

/** The pipeline's own limit is lower; this one keeps a mistake from filling the memory. */
const MAX_HTML_BYTES = 16 << 20

export const run: Run = async ([file = '-'], flags) => {
  const input = file === '-' ? process.stdin : createReadStream(file)
  if (file !== '-')
    await once(input, 'ready').catch((cause: unknown) =>
      Promise.reject(new InvalidInputError('FILE_UNREADABLE', `cannot read ${file}`, { cause })),
    )
  if (flags['jsonl'] === true) {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.trim() === '') continue
      if (!process.stdout.write(`${extractLine(line)}\n`)) await once(process.stdout, 'drain')
    }
    return 0
  }
  const url = flags['url']
  if (typeof url !== 'string') throw new UsageError('URL_MISSING', 'where did the page come from? give --url')
  if (!URL.canParse(url)) throw new UsageError('BAD_URL', `"${url}" is not a URL`)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of input) {
    size += (chunk as Buffer).byteLength
    if (size > MAX_HTML_BYTES) throw new InvalidInputError('TOO_LARGE', `a page of more than ${MAX_HTML_BYTES} bytes is not taken`)
    chunks.push(chunk as Buffer)
  }
  const html = Buffer.concat(chunks).toString('utf8')
  const charter = typeof flags['charter'] === 'string' ? await checkedCharter(flags['charter']) : undefined
  const result =
    charter === undefined
      ? runPipelineOnHtml(url, html)
      : runPipelineOnHtml(new URL(url).href, html, pipelineIdOf(schemaOf(charter, flags['schema'])), pipelineOptions(charter))
  if (!result.ok) throw new InvalidInputError(result.error.code, result.error.message)
  for (const { record } of recordsOf(result)) print(new TextDecoder().decode(record))
  return 0
}
