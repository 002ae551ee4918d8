import { z } from 'zod'
import { FatalError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { httpBase, postForJson } from '../wiring/index.ts'
import { print, printable, printJson, type Run, settingOf } from '../program/index.ts'

const answer = z.object({
  domain: z.string().max(512),
  where: z.string().max(2048),
  patterns: z.array(z.string().max(1024).nullable()).max(1024),
  logged: z.int(),
})

export const run: Run = async ([domain = ''], flags) => {
  const dao = settingOf('dao', flags)
  if (dao === undefined) throw new UsageError('DAO_MISSING', 'which DAO? give --dao with its HTTP address, or set QUERN_DAO')
  const base = httpBase(dao)
  const { status, body } = await postForJson(base, `/v1/optouts?domain=${encodeURIComponent(domain)}`)
  if (status === 422 || status === 400) {
    const { code, detail } = z.object({ code: z.string().max(64), detail: z.string().max(8192) }).parse(body)
    throw new RefusedError(code, detail)
  }
  const parsed = answer.safeParse(body)
  if (status !== 200 || !parsed.success) throw new FatalError('HTTP_STATUS', `${base} answers ${status}; try again in a moment`)
  if (flags['json'] === true) return printJson(parsed.data)
  const { where, patterns, logged } = parsed.data
  print(printable(`${parsed.data.domain} opted out (${where}): ${patterns.map((pattern) => pattern ?? 'everything').join(', ')}`))
  print(
    logged === 0
      ? 'The ledger said so already.'
      : 'It is in the ledger now: crawlers stop within seconds, and the next release leaves it out.',
  )
}
