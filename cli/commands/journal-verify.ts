import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { verifyJournal } from '../../node/index.ts'
import { inputOf, print, printable, printJson, type Run, say } from '../program/index.ts'

const HINT = "give a crawl's folder, or its journal"

export const run: Run = async ([given = '.'], flags) => {
  const file = await journalIn(given)
  const verdict = await verifyJournal(createInterface({ input: await inputOf(file, HINT), crlfDelay: Number.POSITIVE_INFINITY }))
  if (flags['json'] === true) printJson(verdict)
  else if (verdict.ok) {
    print(`right: ${verdict.lines} lines, one chain`)
    // a chain that nobody signed can be written anew as a whole
    print(verdict.sealed === 0 ? 'nobody signed it' : printable(`the first ${verdict.sealed} are signed by ${verdict.by.join(', ')}`))
  }
  if (verdict.ok) return 0
  say(`${file}:${verdict.line}: ${verdict.why}`)
  return 3
}

async function journalIn(given: string): Promise<string> {
  const isFolder = await stat(given).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder) return given
  const whole = path.join(given, 'journal.jsonl')
  // of a crawl under way, or one that was killed
  return existsSync(whole) ? whole : `${whole}.part`
}
