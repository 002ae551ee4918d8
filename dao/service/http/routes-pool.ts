/** What anybody may know of a personal pool: its releases' manifests, and who withdrew since. Who is in a release is not public. */
import { parseCid, sha256, toHex } from '../../../schemas/wire/index.ts'
import type { LedgerState } from '../../ledger/index.ts'
import type { ApiOptions } from './options.ts'
import { notFound, ready } from './problem.ts'
import { serveBytes } from './ranges.ts'
import { json, type Router } from './routes.ts'
import { cidText, object, z } from './shapes.ts'

const CBOR = 'application/vnd.ipld.dag-cbor'
const AGE = 'application/octet-stream'

export function poolRoutes(add: Router, { state, pool, custody }: ApiOptions): void {
  const now = (): LedgerState => ready(state())
  const served = (): NonNullable<typeof pool> => {
    if (pool === undefined) throw notFound('this service keeps nothing of personal pools')
    return pool
  }

  add(
    {
      method: 'get',
      path: '/v1/pool/releases',
      tag: 'pool',
      summary: 'Releases of the personal pool as the ledger names them, oldest first',
      answers: { 200: { description: 'CID of the manifest, name, epoch and log index of each', type: 'application/json', schema: object } },
    },
    () =>
      json({
        releases: now().poolReleases.map(({ release, name, throughEpoch, previous, shares, index }) => ({
          release: release.toString(),
          name,
          throughEpoch,
          previous: previous?.toString() ?? null,
          contributions: toHex(shares),
          index,
        })),
      }),
  )

  add(
    {
      method: 'get',
      path: '/v1/pool/releases/{release}',
      tag: 'pool',
      summary: 'The signed public manifest of a release of the pool; "quern pool check" and "quern pool inclusion" read it',
      params: z.strictObject({ release: cidText }),
      answers: { 200: { description: 'DAG-CBOR, named by its CID', type: CBOR }, 304: { description: 'Not modified' } },
    },
    async ({ context, params }) => {
      const named = now().poolReleases.find(({ release }) => release.toString() === params.release)
      const bytes = named && (await served().manifest(parseCid(params.release)))
      if (bytes === undefined) throw notFound(`no release ${params.release} of the pool is here`)
      return serveBytes(context.req.raw, whole(bytes, params.release, true))
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/pool/releases/{release}/notices',
      tag: 'pool',
      summary:
        'Notices of withdrawals to the trainer of a release: an age file that it alone opens, and that tells nobody else whether there are any',
      params: z.strictObject({ release: cidText }),
      answers: { 200: { description: 'An age file', type: AGE }, 304: { description: 'Not modified' } },
    },
    async ({ context, params }) => {
      const named = now().poolReleases.find(({ release }) => release.toString() === params.release)
      const bytes = named && (await served().notices?.(named.release))
      if (bytes === undefined) throw notFound(`no notices of a release ${params.release} are here`)
      return serveBytes(context.req.raw, { ...whole(bytes, toHex(sha256(bytes)), false), type: AGE })
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/pool/releases/{release}/tags',
      tag: 'pool',
      summary:
        'For each withdrawal since a release of the pool what opens a member in its trainer’s list, or bytes that open none; signed and dated by the operator',
      params: z.strictObject({ release: cidText }),
      answers: { 200: { description: 'DAG-CBOR', type: CBOR }, 304: { description: 'Not modified' } },
    },
    async ({ context, params }) => {
      const named = now().poolReleases.find(({ release }) => release.toString() === params.release)
      const bytes = named && (await served().tags(parseCid(params.release)))
      if (bytes === undefined) throw notFound(`no release ${params.release} of the pool is here`)
      return serveBytes(context.req.raw, whole(bytes, toHex(sha256(bytes)), false))
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/pool/keyholders',
      tag: 'pool',
      summary: 'Who holds shares of the pool, since when one has not answered this service, and how many contributions have enough of them',
      answers: { 200: { description: 'Accounts, and counts of contributions', type: 'application/json', schema: object } },
    },
    () => {
      now()
      if (custody === undefined) throw notFound('this service asks no keyholders')
      return json(custody())
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/pool/withdrawals',
      tag: 'pool',
      summary: 'All withdrawals of the log in its order, each signed by its subject, the list signed and dated by the operator',
      answers: { 200: { description: 'DAG-CBOR', type: CBOR }, 304: { description: 'Not modified' } },
    },
    async ({ context }) => {
      now()
      const bytes = await served().feed()
      return serveBytes(context.req.raw, whole(bytes, toHex(sha256(bytes)), false))
    },
  )
}

const whole = (content: Uint8Array, tag: string, immutable: boolean) => ({ content, type: CBOR, tag, immutable })
