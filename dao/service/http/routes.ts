/** One route: its words in the OpenAPI document, the shapes that what comes in must have, and what answers. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { z } from 'zod'
import { HttpProblem } from './problem.ts'

export interface Route<P extends z.ZodType, Q extends z.ZodType> {
  method: 'get' | 'post'
  /** As OpenAPI writes it: `/v1/epochs/{epoch}`. */
  path: string
  /** As Hono matches it, where that differs: `/v1/releases/:release/:path{.+}`. */
  match?: string
  summary: string
  tag: string
  params?: P
  query?: Q
  body?: Record<string, { schema: { type: 'string'; format: string } }>
  /** Status to words and content type; problems are added to every route. */
  answers: Record<number, { description: string; type?: string; schema?: z.ZodType }>
}

export interface Asked<P extends z.ZodType, Q extends z.ZodType> {
  context: Context
  params: z.infer<P>
  query: z.infer<Q>
}

export type Router = <P extends z.ZodType, Q extends z.ZodType>(
  route: Route<P, Q>,
  handler: (asked: Asked<P, Q>) => Response | Promise<Response>,
) => void

/** Longest value of a query parameter. */
const MAX_VALUE = 2048

export function routerOf(app: OpenAPIHono, problem: z.ZodType): Router {
  return (route, handler) => {
    const { method, path, match, summary, tag, params, query, body, answers } = route
    app.openAPIRegistry.registerPath({
      method,
      path,
      summary,
      tags: [tag],
      request: {
        ...(params === undefined ? {} : { params: params as never }),
        ...(query === undefined ? {} : { query: query as never }),
        ...(body === undefined ? {} : { body: { required: true, content: body } }),
      },
      responses: {
        ...Object.fromEntries(
          Object.entries(answers).map(([status, { description, type, schema }]) => [
            status,
            { description, ...(type === undefined ? {} : { content: { [type]: { schema: schema ?? { type: 'string' } } } }) },
          ]),
        ),
        default: { description: 'Problem details', content: { 'application/problem+json': { schema: problem } } },
      },
    })
    const at = match ?? path.replaceAll(/\{(\w+)\}/g, ':$1')
    app.on(method.toUpperCase(), at, async (context) =>
      handler({
        context,
        params: checked(params, context.req.param(), 'path') as never,
        query: checked(query, queryOf(context), 'query') as never,
      }),
    )
  }
}

/** Each name once unless it is repeated, then a list. */
function queryOf(context: Context): Record<string, string | string[]> {
  const found = Object.entries(context.req.queries())
  for (const [name, values] of found)
    if (values.some((value) => value.length > MAX_VALUE))
      throw new HttpProblem(400, 'BAD_QUERY', `${name} is longer than ${MAX_VALUE} characters`)
  return Object.fromEntries(found.map(([name, values]) => [name, values.length === 1 ? (values[0] as string) : values]))
}

function checked(shape: z.ZodType | undefined, value: unknown, where: 'path' | 'query'): unknown {
  if (shape === undefined) return {}
  const result = shape.safeParse(value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  throw new HttpProblem(
    where === 'path' ? 404 : 400,
    where === 'path' ? 'NOT_FOUND' : 'BAD_QUERY',
    `${issue?.path.join('.') || where}: ${issue?.message ?? 'wrong shape'}`,
  )
}

/** JSON with one line end behind it, so that a terminal stays readable. */
export function json(value: unknown, { status = 200, maxAge = 0 }: { status?: number; maxAge?: number } = {}): Response {
  return new Response(`${JSON.stringify(value)}\n`, {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': maxAge > 0 ? `public, max-age=${maxAge}` : 'no-cache' },
  })
}
