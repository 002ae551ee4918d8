/** The light door to the HTTP interface: Hono and its like load when it is opened. */
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Listening } from './http/listen.ts'
import type { ApiOptions } from './http/options.ts'

export type { Listening } from './http/listen.ts'
export type { ApiLimits, ApiOptions, Submitted } from './http/options.ts'

export interface Http {
  /** `app.request(…)` answers without a socket. */
  app: OpenAPIHono
  /** Port 0 takes any free one; 127.0.0.1 unless said. Throws FatalError LISTEN. */
  listen(options?: { host?: string; port?: number }): Promise<Listening>
}

export async function openHttp(options: ApiOptions): Promise<Http> {
  const { createApi, listen } = await import('./http/index.ts')
  const app = createApi(options)
  return { app, listen: (where) => listen(app, where) }
}
