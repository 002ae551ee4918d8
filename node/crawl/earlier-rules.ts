/** By which rules an earlier crawl kept its pages: under others each page is decided anew. */
import { closeSync, openSync, readSync } from 'node:fs'
import { z } from 'zod'

const rules = z.object({ profile: z.string(), pipeline: z.string(), agentToken: z.string() })
export type EarlierRules = z.infer<typeof rules>

const firstLine = z.tuple([z.literal('q'), z.literal(1), z.object({ layout: z.int(), settings: rules })])
/** Start pages stand in that line too. */
const MAX_BYTES = 4 << 20
/** A checksum and a blank go before each line's JSON. */
const PREFIX = 9

/**
 * The settings in a crawl log's first line; undefined where they are not understood, or its lines have another layout and may mean something
 * else. Throws what reading the file throws.
 */
export function earlierRules(file: string, layout: number): EarlierRules | undefined {
  const fd = openSync(file, 'r')
  try {
    const bytes = Buffer.alloc(MAX_BYTES)
    const read = readSync(fd, bytes, 0, MAX_BYTES, 0)
    const end = bytes.subarray(0, read).indexOf(10)
    const first = end < PREFIX ? undefined : firstLine.safeParse(parsed(bytes.toString('utf8', PREFIX, end))).data?.[2]
    return first?.layout === layout ? first.settings : undefined
  } finally {
    closeSync(fd)
  }
}

/** Records kept by the one would be kept by the other, where nothing changed. */
export function isSameRules(a: EarlierRules, b: EarlierRules | undefined): boolean {
  return a.profile === b?.profile && a.pipeline === b.pipeline && a.agentToken === b.agentToken
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}
