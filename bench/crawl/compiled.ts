/** The scripts of this benchmark and all they import as JavaScript, which is what an installed `quern` runs: the peers strip no types either. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dirname, '..', '..')
/** The page threads' script is started by its name. */
const ENTRIES = ['bench/crawl/ours.ts', 'bench/crawl/bare.ts', 'node/crawl/page-thread.ts']

/** Compiles into `folder` and gives the folder of the scripts in it. Throws when the sources do not compile. */
export function compiled(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const config = {
    extends: path.join(root, 'tsconfig.build.json'),
    compilerOptions: { rootDir: root, outDir: folder, declaration: false, typeRoots: [path.join(root, 'node_modules', '@types')] },
    files: ENTRIES.map((entry) => path.join(root, entry)),
    include: [],
  }
  const file = path.join(folder, 'tsconfig.json')
  writeFileSync(file, JSON.stringify(config))
  writeFileSync(path.join(folder, 'package.json'), '{"private":true,"type":"module"}')
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'))
  execFileSync(process.execPath, [path.join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', file], { stdio: 'inherit' })
  return path.join(folder, 'bench', 'crawl')
}
