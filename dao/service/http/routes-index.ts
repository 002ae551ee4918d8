/** What the SQL index answers: single records and batches, whether released or not. The index is a cache of the fold; without one these paths answer 404. */
import type { ApiOptions } from './options.ts'
import { notFound } from './problem.ts'
import { json, type Router } from './routes.ts'
import { cursor, limit, object, present, whole, z } from './shapes.ts'

const answer = (description: string) => ({ 200: { description, type: 'application/json', schema: object } })
const word = z.string().min(1).max(256).optional()

export function indexRoutes(add: Router, { index }: ApiOptions): void {
  const opened = (): NonNullable<ApiOptions['index']> => {
    if (index === undefined) throw notFound('this service keeps no index')
    return index
  }

  add(
    {
      method: 'get',
      path: '/v1/records',
      tag: 'ledger',
      summary:
        'Records of settled batches by what their index says, in the order they were committed: is my host, is this record in there?',
      query: z.strictObject({
        cursor,
        limit,
        record: word,
        host: word,
        language: word,
        contributor: word,
        epoch: whole(Number.MAX_SAFE_INTEGER).optional(),
        minQuality: whole(1_000_000).optional(),
      }),
      answers: answer('Rows and the cursor of the next page'),
    },
    ({ query }) => json(opened().records(present(query))),
  )

  add(
    {
      method: 'get',
      path: '/v1/batches',
      tag: 'ledger',
      summary: 'Revealed batches, in the order they were committed',
      query: z.strictObject({ cursor, limit, contributor: word, epoch: whole(Number.MAX_SAFE_INTEGER).optional() }),
      answers: answer('Rows and the cursor of the next page'),
    },
    ({ query }) => json(opened().batches(present(query))),
  )
}
