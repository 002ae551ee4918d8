import { readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const root = path.resolve(import.meta.dirname, '..')
/** What each floor may import besides itself. `node` and `validator` do not see each other. */
const ladder: Record<string, string[]> = {
  schemas: [],
  core: ['schemas'],
  dao: ['schemas', 'core'],
  node: ['schemas', 'core', 'dao'],
  validator: ['schemas', 'core', 'dao'],
  sim: ['schemas', 'core', 'dao', 'node', 'validator'],
  cli: ['schemas', 'core', 'dao', 'node', 'validator', 'sim'],
}
const floors = Object.keys(ladder)
/** Where a heavy or effectful package may be imported; everything else goes through the room's door. */
const confined: [package_: RegExp, rooms: RegExp][] = [
  [/^(libp2p|@libp2p\/|@chainsafe\/libp2p|@multiformats\/multiaddr|helia|@helia\/|blockstore-|datastore-)/, /^core\//],
  [/^undici$/, /^core\//],
  [/^(node:sqlite|@duckdb\/)/, /^dao\/stores\//],
]
/** Effects that only `cli/` may touch. */
const effects =
  /\b(Date\.now|new Date\(\)|Math\.random|AbortSignal\.timeout|process\.env|process\.argv)\b|(?<![.\w])(setTimeout|setInterval|setImmediate|fetch)\(/
/** The one exception: the simulated world lets promises settle by one turn of the event loop, which decides nothing. */
const mayTurnTheLoop = 'sim/world/drain.ts'

interface Source {
  file: string
  text: string
  isTest: boolean
}

function sources(): Source[] {
  const found: Source[] = []
  const walk = (folder: string): void => {
    for (const name of readdirSync(path.join(root, folder))) {
      const file = `${folder}/${name}`
      if (name === 'fixtures' || name === 'node_modules') continue
      if (statSync(path.join(root, file)).isDirectory()) walk(file)
      else if (name.endsWith('.ts'))
        found.push({ file, text: readFileSync(path.join(root, file), 'utf8'), isTest: name.endsWith('.test.ts') })
    }
  }
  floors.forEach(walk)
  return found
}

const importsOf = (text: string): string[] =>
  [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]/g)].map(
    (m) => m[1] ?? m[2] ?? '',
  )

const all = sources()

it('finds every floor and its files', () => {
  for (const floor of floors)
    expect(
      all.some((s) => s.file.startsWith(`${floor}/`)),
      floor,
    ).toBe(true)
  expect(all.length).toBeGreaterThan(20)
})

it('imports only go down the ladder, and into another room only by its door', () => {
  const wrong: string[] = []
  for (const { file, text, isTest } of all) {
    const floor = file.split('/')[0] as string
    for (const target of importsOf(text).filter((i) => i.startsWith('.'))) {
      const resolved = path.posix.normalize(path.posix.join(path.posix.dirname(file), target))
      const other = resolved.split('/')[0] as string
      if (!floors.includes(other)) {
        if (!isTest && !target.endsWith('.json')) wrong.push(`${file} -> ${target} (outside the floors)`)
        continue
      }
      if (other !== floor && !(ladder[floor] ?? []).includes(other) && !isTest) wrong.push(`${file} -> ${target} (climbs the ladder)`)
      const room = (p: string): string =>
        p
          .split('/')
          .slice(0, p.split('/').length > 2 ? 2 : 1)
          .join('/')
      const isDoor = /(^|\/)index\.ts$/.test(resolved) || resolved === 'dao/verify.ts'
      if (room(resolved) !== room(file) && !isDoor && !resolved.endsWith('.json') && !isTest)
        wrong.push(`${file} -> ${target} (not by the door)`)
    }
  }
  expect(wrong).toEqual([])
})

it('keeps heavy packages in their rooms', () => {
  const wrong = all.flatMap(({ file, text, isTest }) =>
    isTest
      ? []
      : importsOf(text).flatMap((target) =>
          confined.filter(([name, rooms]) => name.test(target) && !rooms.test(file)).map(() => `${file} imports ${target}`),
        ),
  )
  expect(wrong).toEqual([])
})

it('touches clock, chance, environment and network only in cli', () => {
  const wrong = all.flatMap(({ file, text, isTest }) => {
    if (isTest || file.startsWith('cli/') || file === mayTurnTheLoop) return []
    const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '')
    const hit = effects.exec(code)
    return hit ? [`${file}: ${hit[0]}`] : []
  })
  expect(wrong).toEqual([])
})

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
/** What it imports from elsewhere, by package: `@scope/name/door` is `@scope/name`. */
const packagesOf = ({ text }: Source): string[] =>
  importsOf(text)
    .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
    .map((target) =>
      target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/'),
    )

it('imports no package but its dependencies: what hoisting puts beside them is not ours to use', () => {
  const own = all.filter(({ isTest }) => !isTest)
  const undeclared = own.flatMap((source) =>
    packagesOf(source)
      .filter((name) => manifest.dependencies[name] === undefined)
      .map((name) => `${source.file} imports ${name}`),
  )
  expect(new Set(own.flatMap(packagesOf)).size).toBeGreaterThan(30)
  expect(undeclared).toEqual([])
})

/** These judge and encode what others made; they take no part in what a page becomes, but for bytes that a standard fixes. */
const DECIDES_NOTHING = ['zod', 'multiformats']

it('pins exactly every package that decides what a page becomes', () => {
  const replayed = /^schemas\/(evidence|measures|permission|pipeline|selectors|web-page)\//
  const names = new Set(all.filter(({ file, isTest }) => replayed.test(file) && !isTest).flatMap(packagesOf))
  for (const name of DECIDES_NOTHING) names.delete(name)
  expect([...names]).toEqual(expect.arrayContaining(['domhandler', 'htmlparser2', 'iconv-lite']))
  expect([...names].filter((name) => !/^\d+\.\d+\.\d+$/.test(manifest.dependencies[name] ?? ''))).toEqual([])
})
