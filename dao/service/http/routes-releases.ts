/** Releases, readable in place, and questions to their rows. */
import { parseFilters } from '../../dataset/index.ts'
import { COLUMNS, columnsIn } from '../../release/index.ts'
import { openQueries } from '../../stores/index.ts'
import type { ApiLimits, ApiOptions } from './options.ts'
import { closeCursor, MAX_PAGE, openCursor, PAGE } from './paging.ts'
import { HttpProblem } from './problem.ts'
import { serveBytes } from './ranges.ts'
import type { Releases } from './releases.ts'
import { json, type Router } from './routes.ts'
import { cidText, cursor, object, present, whole, words, z } from './shapes.ts'

/** What a row of the manifest query shows unless columns are named: facts, not texts. */
const FACTS = COLUMNS.map(({ name }) => name).filter((name) => !['text', 'markdown', 'links_json', 'data_json'].includes(name))
/** Rows of one page when texts are asked for. */
const MAX_TEXTS = 50
const release = z.union([cidText, z.literal('latest')])

export function releaseRoutes(add: Router, releases: Releases, { clock }: ApiOptions, limits: ApiLimits): void {
  let asking = 0

  add(
    {
      method: 'get',
      path: '/v1/releases',
      tag: 'releases',
      summary: 'Releases, oldest first',
      answers: { 200: { description: 'CID, date and counts of each', type: 'application/json', schema: object } },
    },
    async () => json({ releases: await releases.list() }),
  )

  add(
    {
      method: 'get',
      path: '/v1/releases/{release}',
      tag: 'releases',
      summary: 'The manifest of a release; `latest` leads to the newest',
      params: z.strictObject({ release }),
      answers: {
        200: { description: 'manifest.json', type: 'application/json', schema: object },
        307: { description: 'The newest release in Location' },
      },
    },
    async ({ context, params }) => {
      if (params.release === 'latest') return redirect(`/v1/releases/${await releases.resolve(undefined)}`)
      return serveBytes(context.req.raw, {
        ...(await releases.file(params.release, 'manifest.json')),
        tag: `${params.release}/manifest.json`,
        immutable: true,
      })
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/releases/{release}/{path}',
      match: '/v1/releases/:release/:path{.+}',
      tag: 'releases',
      summary: 'A file of a release, with ranges: DuckDB, pandas and curl read it in place',
      params: z.strictObject({ release, path: z.string().max(256) }),
      answers: {
        200: { description: 'The file', type: 'application/octet-stream' },
        206: { description: 'The asked range', type: 'application/octet-stream' },
        304: { description: 'Not modified' },
        307: { description: 'The same file of the newest release in Location' },
        416: { description: 'No such range' },
      },
    },
    async ({ context, params }) => {
      if (params.release === 'latest') return redirect(`/v1/releases/${await releases.resolve(undefined)}/${params.path}`)
      const file = await releases.file(params.release, params.path)
      return serveBytes(context.req.raw, { ...file, tag: `${params.release}/${params.path}`, immutable: true })
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/manifest',
      tag: 'releases',
      summary: 'Rows of a release by filters, page by page, in release order',
      query: z.strictObject({
        release: release.optional(),
        id: words,
        url: words,
        schema: words,
        language: words,
        host: words,
        contributor: words,
        license: words,
        since: z.string().max(64).optional(),
        until: z.string().max(64).optional(),
        minQuality: z.string().max(16).optional(),
        text: z.string().max(256).optional(),
        columns: z.string().max(1024).optional(),
        cursor,
        limit: whole(MAX_PAGE).optional(),
      }),
      answers: { 200: { description: 'Rows and the cursor of the next page', type: 'application/json', schema: object } },
    },
    async ({ context, query: { release: asked, columns: names, cursor: at, limit, ...filters } }) => {
      const from = at === undefined ? undefined : placeOf(at)
      const cid = from?.release ?? (await releases.resolve(asked))
      if (from !== undefined && asked !== undefined && asked !== from.release)
        throw new HttpProblem(400, 'BAD_CURSOR', 'the cursor belongs to another release')
      const columns = names?.split(',') ?? FACTS
      const manifest = await releases.manifest(cid)
      const known = columnsIn(manifest)
      const most = columns.every((name) => FACTS.includes(name) || !known.some((column) => column.name === name)) ? MAX_PAGE : MAX_TEXTS
      const count = Math.min(limit ?? PAGE, most)
      const files: string[] = []
      for (const file of manifest.files) if (file.rows !== null) files.push((await releases.file(cid, file.path)).path)
      if (asking >= limits.queries)
        throw new HttpProblem(503, 'BUSY', 'other questions are being answered: ask again', { 'retry-after': '2' })
      asking++
      try {
        const signal = AbortSignal.any([context.req.raw.signal, clock.deadline(limits.queryMs)])
        const { queryParquet } = await openQueries()
        const query = {
          files,
          filters: parseFilters(present(filters)),
          columns,
          known,
          limit: count + 1,
          offset: from?.offset ?? 0,
          signal,
        }
        const rows = await Array.fromAsync(queryParquet(query))
        const next = rows.length > count ? closeCursor(`${cid} ${(from?.offset ?? 0) + count}`) : null
        return json({ release: cid, rows: rows.slice(0, count), next })
      } finally {
        asking--
      }
    },
  )
}

const redirect = (location: string): Response => new Response(null, { status: 307, headers: { location, 'cache-control': 'no-cache' } })

function placeOf(at: string): { release: string; offset: number } {
  const [cid = '', offset = ''] = openCursor(at).split(' ')
  if (!cidText.safeParse(cid).success || !/^\d{1,12}$/.test(offset)) throw new HttpProblem(400, 'BAD_CURSOR', 'no cursor of ours')
  return { release: cid, offset: Number(offset) }
}
