/** CPU of the whole replay path per page, over a bare htmlparser2 parse of the same pages, in turn: `[ROUNDS]`, 20 unless said. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Parser } from 'htmlparser2'
import { runPipelineOnHtml } from '../schemas/pipeline/index.ts'

const folder = path.join(import.meta.dirname, '..', 'schemas', 'web-page', 'fixtures')
const fixtures = readdirSync(folder)
  .filter((name) => name.endsWith('.html'))
  .map((name) => readFileSync(path.join(folder, name), 'utf8'))
const rounds = Number(process.argv[2] ?? 20)
let records = 0

/** An article of about 64 KiB from the fixtures' paragraphs, each made different from the others, inside the first fixture's frame. */
function longPage(): string {
  const paragraphs = fixtures.flatMap((html) => html.match(/<p>[\s\S]*?<\/p>/g) ?? [])
  let body = ''
  for (let i = 0; body.length < 64 << 10; i++) body += (paragraphs[i % paragraphs.length] as string).replace('<p>', `<p>${i} `)
  return `<!doctype html><html><head><title>A long page</title></head><body><main><article><h1>A long page</h1>${body}</article></main></body></html>`
}

function parse(html: string): number {
  let seen = 0
  const parser = new Parser({ onopentag: () => void seen++, ontext: (text) => void (seen += text.length) })
  parser.end(html)
  return seen
}

/** The address differs each time, so that nothing is remembered. */
function replay(html: string, round: number): void {
  if (runPipelineOnHtml(`https://example.org/${round}`, html).ok) records++
}

/** CPU milliseconds of `times` passes over some pages. */
function cpuOf(pages: readonly string[], times: number, work: (html: string) => void): number {
  const before = process.cpuUsage()
  for (let i = 0; i < times; i++) pages.forEach(work)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

function measure(what: string, pages: readonly string[], times: number): void {
  const bare: number[] = []
  const whole: number[] = []
  for (let round = -5; round < rounds; round++) {
    const a = cpuOf(pages, times, parse)
    const b = cpuOf(pages, times, (html) => replay(html, round))
    // the first rounds warm the engine up
    if (round < 0) continue
    bare.push(a)
    whole.push(b)
  }
  const perPage = (values: number[]): string => (median(values) / times / pages.length).toFixed(2)
  const kib = pages.reduce((sum, html) => sum + Buffer.byteLength(html), 0) / pages.length / 1024
  console.log(
    `${what}, ${kib.toFixed(1)} KiB a page: parse alone ${perPage(bare)} ms of CPU, replay path ${perPage(whole)} ms, ${(median(whole) / median(bare)).toFixed(1)} times`,
  )
}

measure(`${fixtures.length} fixtures`, fixtures, 20)
measure('one long page', [longPage()], 20)
if (records === 0) throw new Error('no page gave a record')
