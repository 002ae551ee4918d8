/** What a desk found, as its protocol replies. */
import { refusal, type Refusal } from '../../core/envelope/index.ts'
import { FatalError, QuernError } from '../../core/errors/index.ts'
import { WireError } from '../../schemas/wire/index.ts'

export type Said = { status: 'refused'; code: string; message: string }

/** What a desk gave, as a reply; its no, and what went wrong, as a refusal. */
export async function answered<A extends { ok: true }, R>(work: Promise<A | Refusal>, reply: (answer: A) => R): Promise<R | Said> {
  const answer = await work.catch(refusalOf)
  return answer.ok ? reply(answer) : said(answer)
}

export const said = ({ code, message }: Refusal): Said => ({ status: 'refused', code: code.slice(0, 64), message: message.slice(0, 512) })

/** What a peer did wrong, and what our disk refuses, are answers; a bug is not. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof WireError) return refusal(thrown.code, thrown.message)
  if (thrown instanceof FatalError) return refusal(thrown.code, 'this keyholder cannot store or read it now; ask again later')
  if (thrown instanceof QuernError) return refusal(thrown.code, thrown.message)
  throw thrown
}
