/** Contributors that cheat, by name. Each wraps honest gathering and changes what comes out; the ledger decides what that earns. */
import { type Exchange, fetchGroup, parseFetchGroup } from '../../schemas/evidence/index.ts'
import { pipelineOptions, runPipeline } from '../../schemas/pipeline/index.ts'
import { canonicalJson, concatBytes, sha256, utf8 } from '../../schemas/wire/index.ts'
import type { Gather, Gathered, GatherJob, SealPage } from '../../node/index.ts'
import type { SimContributor } from '../network/index.ts'

/** What honest peers sealed, by epoch: what a copycat could read from the public space once it is revealed. */
export class Loot {
  readonly #taken: { epoch: number; pages: SealPage[]; gathered: Gathered }[] = []

  /** Lets a contributor's harvest be seen by copycats in later epochs. */
  watch(gather: Gather): Gather {
    return async (job) => {
      const pages: SealPage[] = []
      const seal = (page: SealPage): Promise<void> => {
        pages.push(page)
        return job.seal(page)
      }
      const gathered = await gather({ ...job, seal })
      this.#taken.push({ epoch: job.epoch, pages, gathered })
      return gathered
    }
  }

  before(epoch: number): { pages: SealPage[]; gathered: Gathered } | undefined {
    return this.#taken.find((item) => item.epoch < epoch && item.gathered.urls.length > 0)
  }
}

export const honest = (name: string, loot?: Loot): SimContributor => ({ name, gather: (own) => (loot ? loot.watch(own) : own) })

/** Gathers honestly and seals something else; `i` counts the pages of an epoch. */
export const changing =
  (change: (page: SealPage, i: number, job: GatherJob) => SealPage): SimContributor['gather'] =>
  (own) =>
  (job) => {
    let i = 0
    return own({ ...job, seal: (page) => job.seal(change(page, i++, job)) })
  }

/** Seals text of its own beside the evidence of other pages: a replay shows it. */
export const lazy = (name: string): SimContributor => ({
  name,
  gather: changing((page, i, { epoch }) => rewritten(page, `${name} filler ${epoch} ${i}. `)),
})

/** Does the same to one page in ten, hoping that the draw misses them. */
export const forging = (name: string): SimContributor => ({
  name,
  gather: changing((page, i, { epoch }) => (i % 10 === 0 ? rewritten(page, `${name} says so ${epoch} ${i}. `) : page)),
})

/** Seals what others revealed in an earlier epoch under its own name. */
export const copycat = (name: string, loot: Loot): SimContributor => ({
  name,
  gather: (own) => async (job) => {
    const found = loot.before(job.epoch)
    if (found === undefined) return own({ ...job, limit: 1 })
    for (const page of found.pages) await job.seal(page)
    return found.gathered
  },
})

/**
 * Invents one page in `every`, evidence and all: nothing but fetching it again can show that it was never there. Each invented record is told to
 * `onInvent`, as the digest of its bytes, for whoever wants to ask what telling the truth would have earned.
 */
export const fabricating = (name: string, every = 10, onInvent?: (record: Uint8Array) => void): SimContributor => ({
  name,
  gather: changing((page, i, { epoch, charter }) => {
    if (i % every !== 0) return page
    const { exchange: real, facts } = parseFetchGroup(concatBytes(...page.evidence))
    const exchange = inventedPage(real, `${name}-${epoch}-${i}`)
    const result = runPipeline(charter.pipelines[0] as string, exchange, pipelineOptions(charter))
    if (!result.ok) return page
    onInvent?.(sha256(result.measured.record))
    return { ...page, evidence: fetchGroup(exchange, facts).members, records: [result.measured] }
  }),
})

/**
 * Honest until its batch is revealed, then gone with all its data: once it is public (`published`), before anybody promised to keep it,
 * or with the replicas' receipt in hand.
 */
export const vanishing = (name: string, after: 'published' | 'receipt' = 'published'): SimContributor => ({
  name,
  gather: (own) => own,
  onProgress: ({ what }, network) => {
    if (what === after) network.crash(name)
  },
})

/** A page whose records say something else than its evidence. */
function rewritten(page: SealPage, sentence: string): SealPage {
  const text = sentence.repeat(60)
  return { ...page, records: page.records.map((one) => ({ ...one, packed: undefined, record: rewrite(one.record, text) })) }
}

function rewrite(record: Uint8Array, text: string): Uint8Array {
  const page = JSON.parse(new TextDecoder().decode(record)) as Record<string, unknown>
  return utf8(canonicalJson({ ...page, text, markdown: text }))
}

/** A page that no server ever sent, with words of its own, in the wrapping of one that was. */
function inventedPage(real: Exchange, seed: string): Exchange {
  let state = Array.from(seed).reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7)
  const next = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state >>> 8) % bound
  }
  const word = (): string => Array.from({ length: 3 + next(7) }, () => 'aeioubcdfglmnprst'[next(17)]).join('')
  const paragraphs = Array.from({ length: 6 }, () => `<p>${Array.from({ length: 60 }, word).join(' ')}.</p>`).join('')
  const body = utf8(
    `<!doctype html><html lang="en"><head><title>${word()} ${word()}</title></head><body><article><h1>${word()}</h1>${paragraphs}</article></body></html>`,
  )
  const headers: [string, string][] = [
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Length', String(body.byteLength)],
  ]
  const responseHead = utf8(`HTTP/1.1 200 OK\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`)
  return { ...real, status: 200, headers, responseHead, body, truncated: false }
}
