/** Lists and runs benchmarks: `npm run bench`, `npm run bench -- NAME [ARGUMENT…]`. Each file prints what it measured; one with a target exits 1 when it missed it. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** Not a benchmark but what several of them measure with. */
const HELPERS = ['main.ts', 'interleave.ts']

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !HELPERS.includes(file))
  .map((file) => path.basename(file, '.ts'))
  .toSorted()

/** The first line of the file's first comment says what it measures. */
const about = (name: string): string =>
  /\/\*\*[\s*]*(.*?)\s*(?:\*\/|\n)/.exec(readFileSync(path.join(import.meta.dirname, `${name}.ts`), 'utf8'))?.[1] ?? ''

const [name, ...rest] = process.argv.slice(2)
if (name === undefined || !names.includes(name)) {
  if (name !== undefined) console.error(`there is no benchmark called ${name}\n`)
  console.error('npm run bench -- NAME [ARGUMENT…]\n')
  for (const one of names) console.error(`  ${one.padEnd(24)} ${about(one)}`)
  process.exitCode = name === undefined ? 0 : 2
} else {
  // the flags that scripts/run.mjs starts every role with
  const child = spawn(process.execPath, [...process.execArgv, path.join(import.meta.dirname, `${name}.ts`), ...rest], { stdio: 'inherit' })
  child.on('exit', (code) => {
    process.exitCode = code ?? 1
  })
}
