/** A trustless gateway (specs.ipfs.tech/http-gateways) over what lies in the public space here: raw blocks, CAR files, and file bytes with ranges. */
import { walkDag, writeCar } from '../../../core/storage/index.ts'
import { type Block, type CID, type GetBlock, parseCid } from '../../../schemas/wire/index.ts'
import type { ApiOptions } from './options.ts'
import { HttpProblem, notFound } from './problem.ts'
import { serveBytes } from './ranges.ts'
import { json, type Router } from './routes.ts'
import { cidText, z } from './shapes.ts'
import { nodeAt, readRange, resolvePath } from './unixfs.ts'

const RAW = 'application/vnd.ipld.raw'
const CAR = 'application/vnd.ipld.car'
const query = z.strictObject({
  format: z.enum(['raw', 'car']).optional(),
  'dag-scope': z.enum(['block', 'entity', 'all']).optional(),
  filename: z.string().max(256).optional(),
  download: z.string().max(8).optional(),
})
const answers = {
  200: { description: 'A block, a CAR file, file bytes, or the entries of a folder as JSON', type: 'application/octet-stream' },
  206: { description: 'The asked range of a file', type: 'application/octet-stream' },
}

export function ipfsRoutes(add: Router, { storage }: ApiOptions): void {
  const get: GetBlock = (cid) => storage.public.get(cid)
  const handler = async (request: Request, cid: string, path: string, asked: z.infer<typeof query>): Promise<Response> => {
    const accept = request.headers.get('accept') ?? ''
    const format = asked.format ?? (accept.includes(RAW) ? 'raw' : accept.includes(CAR) ? 'car' : undefined)
    const root = parseCid(cid)
    const { cid: target, way } = await resolvePath(get, root, path)
    const headers = { 'x-ipfs-path': `/ipfs/${cid}${path === '' ? '' : `/${path}`}`, 'x-ipfs-roots': target.toString(), vary: 'accept' }
    if (format === 'raw') {
      const bytes = await get(target)
      if (bytes === undefined) throw notFound(`block ${target} is not here`)
      const named = { ...headers, 'content-disposition': `attachment; filename="${target}.bin"` }
      return serveBytes(request, {
        content: bytes,
        type: RAW,
        tag: `${target}.raw`,
        immutable: true,
        headers: named,
      })
    }
    if (format === 'car') {
      const scope = asked['dag-scope'] ?? 'all'
      if (!(await storage.public.has(target))) throw notFound(`block ${target} is not here`)
      const car = writeCar([root], carBlocks(get, target, way, scope))
      return new Response(request.method === 'HEAD' ? null : ReadableStream.from(car), {
        headers: {
          ...headers,
          'content-type': `${CAR}; version=1; order=dfs; dups=n`,
          'content-disposition': `attachment; filename="${target}.car"`,
          'cache-control': 'public, max-age=31536000, immutable',
          etag: `"${target}.car.${scope}"`,
          'x-content-type-options': 'nosniff',
        },
      })
    }
    const node = await nodeAt(get, target)
    if (node.kind === 'folder')
      return json(
        { cid: target.toString(), entries: node.entries.map(({ name, cid: entry, bytes }) => ({ name, cid: entry, bytes })) },
        { maxAge: 31_536_000 },
      )
    // pages of strangers come from here: nothing may run as ours
    const inert = { ...headers, 'content-security-policy': "default-src 'none'; sandbox" }
    return serveBytes(request, {
      bytes: node.bytes,
      type: 'application/octet-stream',
      tag: target.toString(),
      immutable: true,
      headers: inert,
      open: (from, to) => readRange(get, target, from, to),
    })
  }

  const params = z.strictObject({ cid: cidText })
  add(
    {
      method: 'get',
      path: '/ipfs/{cid}',
      tag: 'ipfs',
      summary: 'Content by CID: `?format=raw`, `?format=car`, or the bytes of a UnixFS file',
      params,
      query,
      answers,
    },
    ({ context, params: { cid }, query: asked }) => handler(context.req.raw, cid, '', asked),
  )
  add(
    {
      method: 'get',
      path: '/ipfs/{cid}/{path}',
      match: '/ipfs/:cid/:path{.*}',
      tag: 'ipfs',
      summary: 'The same, below a folder',
      params: params.extend({ path: z.string().max(2048) }),
      query,
      answers,
    },
    ({ context, params: { cid, path }, query: asked }) => handler(context.req.raw, cid, path, asked),
  )
}

/** Blocks on the way, then what the scope asks for: the block alone, the file or folder itself, or everything below. */
async function* carBlocks(get: GetBlock, target: CID, way: Block[], scope: 'block' | 'entity' | 'all'): AsyncGenerator<Block> {
  yield* way
  const isFolder = scope === 'entity' && (await nodeAt(get, target).catch(() => undefined))?.kind === 'folder'
  if (scope === 'block' || isFolder) {
    const bytes = await get(target)
    if (bytes === undefined) throw new HttpProblem(404, 'NOT_FOUND', `block ${target} is not here`)
    yield { cid: target, bytes }
  } else yield* walkDag({ get }, target)
}
