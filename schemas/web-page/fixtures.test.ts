import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { WireError } from '../wire/index.ts'
import { extractWebPage, webPageRecord } from './index.ts'

const folder = path.join(import.meta.dirname, 'fixtures')
const pages = readdirSync(folder).filter((name) => name.endsWith('.html'))

/** The record, as strict as its schema; or the code that says why there is none. */
function recordOf(html: string, name: string): unknown {
  try {
    const { record, bytes } = extractWebPage(html, `https://fixtures.example/pages/${name}`)
    webPageRecord.parse(JSON.parse(Buffer.from(bytes).toString()))
    return record
  } catch (thrown) {
    if (thrown instanceof WireError) return { error: thrown.code }
    throw thrown
  }
}

describe('saved pages give their records', () => {
  it('has pages', () => expect(pages.length).toBeGreaterThanOrEqual(12))

  it.each(pages)('%s', async (name) => {
    const html = readFileSync(path.join(folder, name), 'utf8')
    const record = recordOf(html, name)
    await expect(`${JSON.stringify(record, null, 2)}\n`).toMatchFileSnapshot(path.join(folder, name.replace('.html', '.json')))
  })
})
