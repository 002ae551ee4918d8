import type { Gather, Gathered, GatherJob, SealPage } from '../../node/index.ts'

/** What a gather brought, with the pages that it gave to be sealed. */
export type GatheredPages = Gathered & { pages: SealPage[] }

/** Gathers without a batch: its pages are kept as they are. */
export async function gatherPages(gather: Gather, job: Omit<GatherJob, 'seal'>): Promise<GatheredPages> {
  const pages: SealPage[] = []
  const gathered = await gather({
    ...job,
    seal: async ({ robots, ...page }) => {
      // it can be read now alone
      const captured = robots?.read()
      pages.push({ ...page, robots: robots && captured ? { name: robots.name, read: () => captured } : null })
    },
  })
  return { ...gathered, pages }
}
