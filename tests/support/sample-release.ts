/** A small release with every oddity that a file of it may hold. Run as a program (`node sample-release.ts FOLDER`) it prints the root: same bytes in any process. */
import { openParquet, diskFolder } from '../../dao/stores/index.ts'
import { recordReader, cutRelease, type Release } from '../../dao/release/index.ts'
import { type BatchSpec, buildWorld, prose, type World, type WorldSpec } from './release-world.ts'

export const oddTexts = [
  'quote \' " ; drop table shard; --',
  'tab\tnewline\nreturn\r',
  'nul \u0000 and \u2028 and \u001b[31m',
  '日本語 😀 \u00e9 e\u0301',
  '=1+1,"csv",;',
]

export function sampleBatches(): BatchSpec[] {
  const names = ['ada', 'bob', 'cyd']
  return names.map((contributor, c) => ({
    contributor,
    epoch: 1 + (c % 2),
    pages: Array.from({ length: 40 }, (_, i) => ({
      url: `https://${['a', 'b', 'www.b', 'c'][i % 4]}.example/${contributor}/${i}?q=${i}`,
      text: `${prose(`${contributor} ${i}`)} ${oddTexts[i % oddTexts.length]}`,
      language: i % 5 === 0 ? 'de' : 'en',
      quality: 500_000 + i * 1000,
      fetchedAt: 1_790_000_000_000 + i * 3_600_123,
      ...(i % 3 === 0 ? { license: 'CC-BY-4.0' } : {}),
      ...(i % 7 === 0 ? { links: [`https://a.example/${i}`], data: [{ n: i }] } : {}),
    })),
  }))
}

export async function sampleRelease(
  folder: string,
  spec: Partial<WorldSpec> = {},
  change: (world: World) => void = () => {},
): Promise<{ release: Release; world: World }> {
  const world = buildWorld({ batches: sampleBatches(), validators: { vera: 5n, vito: 3n }, ...spec })
  change(world)
  const { state, files, get, log } = world
  using parquet = await openParquet({ folder })
  const release = await cutRelease({
    state,
    files,
    log,
    parquet,
    folder: diskFolder(folder),
    readRecord: recordReader({ files, get }),
  })
  return { release, world }
}

if (process.argv[1] === import.meta.filename) {
  const { release } = await sampleRelease(process.argv[2] as string)
  console.log(release.root.toString())
}
