import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import * as door from './verify.ts'

const root = path.resolve(import.meta.dirname, '..')

/** Everything that importing a file loads at once: our own files, and the packages they name. Type imports load nothing, `import()` loads later. */
function loadedBy(entry: string): { files: Set<string>; packages: Set<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const walk = (file: string): void => {
    if (files.has(file)) return
    files.add(file)
    const text = readFileSync(path.join(root, file), 'utf8')
    for (const [, keyword = '', names = '', target = ''] of text.matchAll(
      /^(import|export)\s+((?:[^'";]*?\sfrom\s+)?)['"]([^'"]+)['"]/gm,
    )) {
      if (names.startsWith('type ') && !names.includes(' * ')) continue
      if (/^\{\s*(type [^,}]+,?\s*)+\}\s*from\s*$/.test(names) && keyword === 'import') continue
      if (target.startsWith('.')) walk(path.posix.join(path.posix.dirname(file), target))
      else packages.add(target)
    }
  }
  walk(entry)
  return { files, packages }
}

it('loads no network, no database and no native module: anyone verifies with it', () => {
  const { files, packages } = loadedBy('dao/verify.ts')
  expect(files.size).toBeGreaterThan(50)
  const heavy = [...packages].filter((name) =>
    /^(libp2p|@libp2p|@chainsafe|helia|@helia|blockstore|datastore|undici|hono|@hono|@duckdb|pino|prom-client|node:(sqlite|net|http|https|http2|tls|dgram|dns|child_process|worker_threads))/.test(
      name,
    ),
  )
  expect(heavy).toEqual([])
})

it('opens what a stranger needs', () => {
  expect(Object.keys(door)).toEqual(
    expect.arrayContaining(['audit', 'createLedger', 'explain', 'verifyFraudProof', 'verifyLog', 'verifyProof']),
  )
})
