/** What the ledger says: itself, its epochs, its people, its entries. All of it is the fold's state; nothing here decides. */
import { toHex } from '../../../schemas/wire/index.ts'
import type { LedgerState } from '../../ledger/index.ts'
import { howToOptOut } from '../../optouts/index.ts'
import { dagJson } from './dag-json.ts'
import { contributorOf, entryOf, epochOf } from './ledger-views.ts'
import type { ApiOptions } from './options.ts'
import { closeCursor, openCursor, pageOf } from './paging.ts'
import { HttpProblem, notFound, ready } from './problem.ts'
import { json, type Router } from './routes.ts'
import { cursor, object, page, whole, z } from './shapes.ts'

/** Entries of one page: one bundle of the log. */
const MAX_ENTRIES = 256
const answer = (description: string) => ({ 200: { description, type: 'application/json', schema: object } })

export function ledgerRoutes(add: Router, { state: stateNow, term, log, addresses, optOut }: ApiOptions): void {
  const state = (): LedgerState => ready(stateNow())

  add(
    {
      method: 'get',
      path: '/v1/info',
      tag: 'ledger',
      summary: 'Which ledger this is, by which rules, and how far it is',
      answers: answer('Ledger id, charter, epoch, checkpoint, addresses'),
    },
    async () => {
      const now = state()
      const note = await log(term())?.files.read('checkpoint')
      return json({
        ledger: now.id,
        name: now.charter.name,
        title: now.charter.title,
        description: now.charter.description,
        operator: now.operator,
        operatorEntries: now.authors.get(now.operator) ?? 0,
        contact: now.charter.contact,
        charter: {
          cid: now.charterCid.toString(),
          version: now.charter.version,
          pending: now.pendingCharters.map(({ cid, from }) => ({ cid: cid.toString(), from })),
        },
        purposes: now.charter.purposes,
        schemas: now.charter.schemas,
        epoch: now.epoch === null ? null : { number: now.epoch.number, phase: now.epoch.phase },
        size: now.size,
        term: term(),
        checkpoint: note === undefined ? null : new TextDecoder().decode(note),
        addresses: addresses?.() ?? [],
        validators: [...now.validators.values()].filter((one) => one.active).length,
        contributors: now.contributors.size,
        release: now.releases.at(-1)?.release.toString() ?? null,
      })
    },
  )

  add(
    { method: 'get', path: '/v1/charter', tag: 'ledger', summary: 'The charter in force', answers: answer('The charter as DAG-JSON') },
    () => json(dagJson(state().charter)),
  )

  add(
    {
      method: 'get',
      path: '/v1/contributors',
      tag: 'ledger',
      summary: 'Contributors, sorted by account',
      query: page,
      answers: answer('Standing and points of each'),
    },
    ({ query }) => {
      const now = state()
      const sorted = [...now.contributors.keys()].toSorted()
      const { page: accounts, next } = pageOf(sorted, (account) => account, query)
      return json({ contributors: accounts.map((account) => contributorOf(now, account, false)), next })
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/contributors/{account}',
      tag: 'ledger',
      summary: 'One contributor, with points by epoch and batches',
      params: z.strictObject({ account: z.string().max(128) }),
      answers: answer('Standing, points by epoch, batches'),
    },
    ({ params }) => json(contributorOf(state(), params.account, true)),
  )

  add(
    {
      method: 'get',
      path: '/v1/validators',
      tag: 'ledger',
      summary: 'Validators and their keys',
      query: page,
      answers: answer('Seats, keys and strikes'),
    },
    ({ query }) => {
      const now = state()
      const { page: accounts, next } = pageOf([...now.validators.keys()].toSorted(), (account) => account, query)
      const validators = accounts.map((account) => {
        const one = now.validators.get(account)
        if (one === undefined) throw notFound('no such validator')
        const { operator, asn, witness, mirror, audit } = one.statement
        return { account, active: one.active, seatedAt: one.seatedAt, strikes: one.strikes, operator, asn, witness, mirror, audit }
      })
      return json({ validators, next })
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/epochs',
      tag: 'ledger',
      summary: 'The epoch under way and the closed ones, oldest first',
      query: page,
      answers: answer('Epochs with their roots'),
    },
    ({ query }) => {
      const now = state()
      const { page: results, next } = pageOf(now.results, (result) => String(result.epoch), query)
      return json({
        current:
          now.epoch === null
            ? null
            : { epoch: now.epoch.number, phase: now.epoch.phase, since: now.epoch.phaseTime, batches: now.epoch.batches.length },
        epochs: results.map(epochOf),
        next,
      })
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/epochs/{epoch}',
      tag: 'ledger',
      summary: 'One closed epoch with its table: who did what, and what it was worth',
      params: z.strictObject({ epoch: whole(1e9) }),
      query: page,
      answers: answer('The epoch and a page of its table'),
    },
    ({ params, query }) => {
      const result = state().results.find((one) => one.epoch === params.epoch)
      if (result === undefined) throw notFound(`epoch ${params.epoch} is not closed`)
      const { page: rows, next } = pageOf(result.rows, (row) => `${row.role} ${row.account}`, query)
      return json({ ...epochOf(result), batches: result.batches, rows, next })
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/optouts',
      tag: 'ledger',
      summary: 'Opt-outs in log order: check a pinned release against them',
      query: page,
      answers: answer('Domains and patterns with their evidence'),
    },
    ({ query }) => {
      const { page: optouts, next } = pageOf(state().optouts, (one) => String(one.index), query)
      return json({ optouts: optouts.map(({ evidence, ...one }) => ({ ...one, evidence: evidence.toString() })), next })
    },
  )

  add(
    {
      method: 'post',
      path: '/v1/optouts',
      tag: 'ledger',
      summary:
        'Looks for the opt-out of a domain, at /.well-known/quern.txt and in the TXT records of _quern.DOMAIN, and logs it: anybody may ask',
      query: z.strictObject({ domain: z.string().min(1).max(512) }),
      answers: answer('What was found and logged'),
    },
    async ({ query }) => {
      if (optOut === undefined) throw notFound('this service takes no opt-outs')
      const found = await optOut(query.domain)
      if (found.status === 'not-proven')
        throw new HttpProblem(
          422,
          'NOT_PROVEN',
          `${howToOptOut(found.domain)} (looked at ${found.tried.map(({ where, outcome }) => `${where}: ${outcome}`).join('; ')})`,
        )
      return json({ ...found, evidence: found.evidence.toString() }, { status: 200 })
    },
  )

  add(
    {
      method: 'get',
      path: '/v1/ledger',
      tag: 'ledger',
      summary: 'Entries of the log as DAG-JSON, from an index on',
      query: z.strictObject({
        from: whole(Number.MAX_SAFE_INTEGER).optional(),
        cursor,
        limit: whole(MAX_ENTRIES).optional(),
        type: z.string().max(64).optional(),
      }),
      answers: answer('Entries with index and leaf hash'),
    },
    async ({ query }) => {
      const { reader } = ready(log(term()))
      const from = query.cursor === undefined ? (query.from ?? 0) : Number(openCursor(query.cursor))
      if (!Number.isSafeInteger(from) || from > reader.size)
        throw new HttpProblem(400, 'OUT_OF_RANGE', `the log has ${reader.size} entries`)
      const to = Math.min(reader.size, from + (query.limit ?? 100))
      const hashes = await reader.leafHashes(from, to)
      const invalid = new Map(state().invalid.map((one) => [one.index, one]))
      const entries = (await reader.entries(from, to)).map((bytes, i) => ({
        index: from + i,
        leafHash: toHex(hashes[i] as Uint8Array),
        invalid: invalid.get(from + i)?.code ?? null,
        ...entryOf(bytes),
      }))
      const wanted = query.type === undefined ? entries : entries.filter((entry) => entry.type === query.type)
      return json({ size: reader.size, entries: wanted, next: to < reader.size ? closeCursor(String(to)) : null })
    },
  )
}
