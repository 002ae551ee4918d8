/** The HTTP interface of a DAO: Hono, described by OpenAPI 3.1, every error a problem document. */
import { OpenAPIHono } from '@hono/zod-openapi'
import { toError } from '../../../core/errors/index.ts'
import { frontPage } from './front-page.ts'
import { type ApiOptions, defaultLimits } from './options.ts'
import { notFound, problemOf, problemResponse } from './problem.ts'
import { Releases } from './releases.ts'
import { json, routerOf } from './routes.ts'
import { ipfsRoutes } from './routes-ipfs.ts'
import { indexRoutes } from './routes-index.ts'
import { ledgerRoutes } from './routes-ledger.ts'
import { logRoutes } from './routes-log.ts'
import { poolRoutes } from './routes-pool.ts'
import { releaseRoutes } from './routes-releases.ts'
import { object, problem } from './shapes.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'OPTIONS']

/** Anyone may read from anywhere: all of it is public, and DuckDB in a browser needs the headers. */
const OPEN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'accept-ranges, content-length, content-range, etag, location, retry-after, x-ipfs-path, x-ipfs-roots',
}

export function createApi(options: ApiOptions): OpenAPIHono {
  const { state, metrics, logger, limits } = options
  const app = new OpenAPIHono()
  const all = { ...defaultLimits, ...limits }
  app.use(async (context, next) => {
    if (!METHODS.includes(context.req.method))
      return problemResponse({
        status: 405,
        code: 'METHOD_NOT_ALLOWED',
        detail: `only ${METHODS.join(', ')}`,
        headers: { allow: METHODS.join(', ') },
      })
    if (context.req.method === 'OPTIONS')
      return new Response(null, {
        status: 204,
        headers: {
          ...OPEN,
          'access-control-allow-methods': 'GET, HEAD, POST',
          'access-control-allow-headers': 'range, if-none-match, if-range, content-type',
          'access-control-max-age': '86400',
        },
      })
    await next()
    for (const [name, value] of Object.entries(OPEN)) context.res.headers.set(name, value)
    return undefined
  })
  app.onError((thrown, context) => {
    const found = problemOf(thrown)
    if (found.status >= 500 && found.status !== 503)
      logger.error('http-failed', { path: context.req.path, code: found.code, error: toError(thrown).message })
    return problemResponse(found)
  })
  app.notFound(() => problemResponse({ status: 404, code: 'NOT_FOUND', detail: 'nothing is here; /openapi.json lists what is' }))

  const add = routerOf(app, problem)
  const releases = new Releases(options.releases)
  ledgerRoutes(add, options)
  indexRoutes(add, options)
  releaseRoutes(add, releases, options, all)
  poolRoutes(add, options)
  logRoutes(add, options, all.submitBytes)
  ipfsRoutes(add, options)
  add(
    {
      method: 'get',
      path: '/healthz',
      tag: 'service',
      summary: 'Whether the service is up and has a ledger',
      answers: { 200: { description: 'Up', type: 'application/json', schema: object }, 503: { description: 'No ledger yet' } },
    },
    () => {
      const now = state()
      return json(
        { ok: now !== undefined, size: now?.size ?? 0, epoch: now?.epoch?.number ?? null, phase: now?.epoch?.phase ?? null },
        { status: now === undefined ? 503 : 200 },
      )
    },
  )
  add(
    {
      method: 'get',
      path: '/metrics',
      tag: 'service',
      summary: 'Counts for Prometheus',
      answers: { 200: { description: 'Metrics', type: 'text/plain' } },
    },
    async () => {
      if (metrics === undefined) throw notFound('no metrics are kept')
      return new Response(await metrics.render(), { headers: { 'content-type': metrics.contentType, 'cache-control': 'no-store' } })
    },
  )
  add(
    {
      method: 'get',
      path: '/',
      tag: 'service',
      summary: 'What this is, for people',
      answers: { 200: { description: 'A page', type: 'text/html' } },
    },
    async ({ context }) => frontPage(state(), await releases.newest(), originOf(context.req.url)),
  )
  app.get('/openapi.json', () => json(describeApi(app), { maxAge: 3600 }))
  return app
}

/** For commands that a reader copies into a shell: nothing but a plain host may stand in them, whatever the Host header says. */
function originOf(url: string): string {
  const { origin, host } = new URL(url)
  return /^[\w.:[\]-]+$/.test(host) ? origin : 'http://localhost'
}

/** The OpenAPI 3.1 document of all routes. */
function describeApi(app: OpenAPIHono): object {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Quern DAO',
      version: '1.0.0',
      description: 'A ledger of who gathered which training data, and the releases made of it. Everything is public; entries are signed.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: '/' }],
    security: [],
    tags: ['ledger', 'releases', 'pool', 'log', 'ipfs', 'service'].map((name) => ({ name })),
  })
}
