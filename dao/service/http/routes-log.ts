/** The log and the ledger's files as static files: C2SP tlog-tiles under `/log/t<term>`, everything else by CID. */
import { bytesUpTo, parse, parseCid } from '../../../schemas/wire/index.ts'
import { CHECKPOINT_PATH, parseTilePath } from '../../log/index.ts'
import type { ApiOptions } from './options.ts'
import { HttpProblem, notFound } from './problem.ts'
import { serveBytes } from './ranges.ts'
import { json, type Router } from './routes.ts'
import { cidText, object, z } from './shapes.ts'

/** `t12` in the path, 12 here. */
const termWord = z
  .string()
  .regex(/^t(0|[1-9]\d{0,8})$/)
  .transform((text) => Number(text.slice(1)))
const OCTETS = 'application/octet-stream'
const submitted = z.strictObject({ entry: bytesUpTo(64_000), files: z.array(bytesUpTo(16 << 20)).max(4) })

export function logRoutes(add: Router, { log, term, files, submit }: ApiOptions, submitBytes: number): void {
  const termOf = (number: number) => {
    const found = log(number)
    if (found === undefined) throw notFound(`there is no term ${number}`)
    return found
  }

  add(
    {
      method: 'get',
      path: '/checkpoint',
      tag: 'log',
      summary: 'Leads to the checkpoint of the current term',
      answers: { 307: { description: 'The checkpoint’s path in Location' } },
    },
    () => new Response(null, { status: 307, headers: { location: `/log/t${term()}/checkpoint`, 'cache-control': 'no-cache' } }),
  )

  add(
    {
      method: 'get',
      path: '/log/t{term}/checkpoint',
      match: '/log/:term{t[0-9]+}/checkpoint',
      tag: 'log',
      summary: 'The newest cosigned checkpoint (C2SP tlog-checkpoint)',
      params: z.strictObject({ term: termWord }),
      answers: { 200: { description: 'A signed note', type: 'text/plain' } },
    },
    async ({ params: { term: number } }) => {
      const note = await termOf(number).files.read(CHECKPOINT_PATH)
      if (note === undefined) throw notFound('no checkpoint is published yet')
      return new Response(Buffer.from(note), {
        headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff' },
      })
    },
  )

  add(
    {
      method: 'get',
      path: '/log/t{term}/tile/{path}',
      match: '/log/:term{t[0-9]+}/:path{tile/.+}',
      tag: 'log',
      summary: 'Hash tiles and entry bundles (C2SP tlog-tiles)',
      params: z.strictObject({ term: termWord, path: z.string().max(128) }),
      answers: { 200: { description: 'The tile', type: OCTETS } },
    },
    async ({ context, params: { term: number, path } }) => {
      if (parseTilePath(path) === undefined) throw notFound('no path of a tile')
      const bytes = await termOf(number).files.read(path)
      if (bytes === undefined) throw notFound('that tile is not there (yet, or a partial one that is full by now)')
      return serveBytes(context.req.raw, {
        content: bytes,
        type: OCTETS,
        tag: `t${number}/${path}`,
        immutable: true,
      })
    },
  )

  add(
    {
      method: 'get',
      path: '/files/{cid}',
      tag: 'log',
      summary: 'A ledger file: charter, manifest, index, sketches, report, table, fraud proof',
      params: z.strictObject({ cid: cidText }),
      answers: { 200: { description: 'The file’s bytes', type: OCTETS } },
    },
    ({ context, params: { cid } }) => {
      const bytes = files.read(parseCid(cid))
      if (bytes === undefined) throw notFound('no ledger file of that CID is here')
      return serveBytes(context.req.raw, {
        content: bytes,
        type: OCTETS,
        tag: cid,
        immutable: true,
      })
    },
  )

  add(
    {
      method: 'post',
      path: '/v1/entries',
      tag: 'ledger',
      summary: 'Hands in a signed entry: its bytes, or DAG-CBOR `{entry, files}` with the ledger files that only its author has',
      body: {
        [OCTETS]: { schema: { type: 'string', format: 'binary' } },
        'application/vnd.ipld.dag-cbor': { schema: { type: 'string', format: 'binary' } },
      },
      answers: {
        202: {
          description: 'A signed receipt (base64 of DAG-CBOR): the entry will be in the log by its deadline',
          type: 'application/json',
          schema: object,
        },
      },
    },
    async ({ context }) => {
      if (submit === undefined) throw notFound('this service takes no entries')
      const bytes = await bodyOf(context.req.raw, submitBytes)
      const type = context.req.header('content-type')?.split(';')[0]?.trim()
      if (type !== OCTETS && type !== 'application/vnd.ipld.dag-cbor')
        throw new HttpProblem(415, 'UNSUPPORTED_TYPE', `send ${OCTETS} or application/vnd.ipld.dag-cbor`)
      const { entry, files: attached } = type === OCTETS ? { entry: bytes, files: [] } : parse(submitted, bytes, submitBytes)
      const result = await submit(entry, attached)
      if (result.status === 'elsewhere') throw new HttpProblem(503, 'ELSEWHERE', 'another peer orders the log now', { 'retry-after': '30' })
      if (result.status === 'refused') throw new HttpProblem(422, result.code, result.message)
      return json({ status: 'receipt', receipt: Buffer.from(result.receipt).toString('base64') }, { status: 202 })
    },
  )
}

/** The body, refused as soon as it is larger, whatever its headers promise. */
async function bodyOf(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = (): HttpProblem => new HttpProblem(413, 'TOO_LARGE', `at most ${maxBytes} bytes are taken`)
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge()
  const parts: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > maxBytes) throw tooLarge()
    parts.push(chunk)
  }
  return new Uint8Array(Buffer.concat(parts))
}
