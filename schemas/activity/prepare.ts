/** An export to events: detect, survey, parse, finish. Streams; nothing is written and nothing is sent. */
import type { Detector } from '../redact/index.ts'
import { detect, type Detected } from './detect.ts'
import type { Draft, DropReason } from './draft.ts'
import type { ActivityEvent, Source } from './event.ts'
import { finish, finishWith, type Finishing } from './finish.ts'
import { PeopleBook } from './people.ts'
import type { PoolRules } from './rules.ts'
import { SeenIds } from './seen-ids.ts'
import type { Answers, ExportFile, Reading } from './source.ts'

export interface PrepareOptions {
  rules: PoolRules
  /** 32 secret bytes of this contribution: pseudonyms and ids come of them. */
  key: Uint8Array
  nowMs: number
  answers?: Answers
  only?: Source | undefined
  detectors?: readonly Detector[]
}

/** What is found on the way; complete when the events have been read to their end. */
export interface Tally {
  source: Source
  /** `google-takeout@2` */
  parser: string
  /** Files that were read, and files that were not. */
  files: { read: number; ignored: number }
  /** People that the export names. */
  people: number
  dropped: Map<DropReason, number>
  replaced: Map<string, number>
  warnings: Map<string, string>
}

export interface Prepared {
  event: ActivityEvent
  /** What it was made of; never leaves the device. */
  draft: Draft
}

export interface Preparation {
  tally: Tally
  /** Reads the export through; resolves when the last event was taken. */
  run: (take: (one: Prepared) => void | Promise<void>) => Promise<void>
}

/** Throws ExportError, at once or from `run`. */
export async function prepare(files: readonly ExportFile[], options: PrepareOptions): Promise<Preparation> {
  const { rules, key, nowMs, answers = {}, detectors = [] } = options
  const found = await detect(files, { only: options.only, ownColumns: answers.columns !== undefined })
  const { source, version } = found.parser
  const tally: Tally = {
    source,
    parser: `${source}@${version}`,
    files: { read: found.files.length, ignored: found.ignored },
    people: 0,
    dropped: new Map(),
    replaced: new Map(),
    warnings: new Map(),
  }
  const people = new PeopleBook()
  const reading: Reading = { answers, people, notes: new Map(), warn: (code, message) => tally.warnings.set(code, message) }
  // whose export it is comes before who else is in it
  const surveyed = found.files.toSorted((a, b) => Number(isAboutSelf(b)) - Number(isAboutSelf(a)))
  for (const { file, kind } of surveyed) await kind.survey?.(file, reading)
  const names = people.close(key)
  tally.people = people.count
  const finishing: Finishing = {
    source,
    rules,
    people,
    names,
    detectors,
    key: Buffer.from(key).toString('hex'),
    nowMs,
    replaced: tally.replaced,
    memory: new Map(),
    seen: new SeenIds(),
  }
  return { tally, run: (take) => eachEvent(found, reading, finishing, tally, take) }
}

const isAboutSelf = ({ kind }: Detected['files'][number]): boolean => /^(?:profile|account|user|statistics|emails)$/.test(kind.name)

async function eachEvent(
  found: Detected,
  reading: Reading,
  finishing: Finishing,
  tally: Tally,
  take: (one: Prepared) => void | Promise<void>,
): Promise<void> {
  for (const { file, kind } of found.files) {
    if (kind.events === undefined) continue
    for await (const draft of kind.events(file, reading)) {
      const result =
        'dropped' in draft
          ? draft.dropped
          : finishing.detectors.length === 0
            ? finish(draft, finishing)
            : await finishWith(draft, finishing)
      if (typeof result === 'string') tally.dropped.set(result, (tally.dropped.get(result) ?? 0) + 1)
      else {
        const taken = take({ event: result, draft: draft as Draft })
        if (taken !== undefined) await taken
      }
    }
  }
}
