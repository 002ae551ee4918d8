/**
 * What a replica keeps in memory of a personal pool: logs of contributions of 128 chunks each, committed, revealed, valued, tested and settled, are
 * folded, and a heap snapshot tells what the state reaches, without what is remembered of files and signatures, which is bounded. `npm run bench --
 * pool-fold [contributions]`; 240 unless said, against a third of them, so that what every ledger has is not counted.
 */
import { text } from 'node:stream/consumers'
import { getHeapSnapshot } from 'node:v8'
import { createLedger, type LedgerState } from '../dao/ledger/index.ts'
import { chunk, PoolLedgerWorld, tokensOf } from '../tests/unit/pool-ledger-world.ts'

const MiB = 1 << 20
const CHUNKS = 128
/** In one entry. */
const MOST_NAMED = 512
/** What a keyholder of so many takes besides (`bench/seal.ts`), and what is to do for both. */
const [KEYHOLDER_MIB, TARGET_MIB] = [231, 300]

/** A name that a snapshot is searched for. */
class Measured {
  readonly parts: Record<string, unknown>

  constructor(state: LedgerState) {
    this.parts = { ...state }
  }
}

interface Snapshot {
  snapshot: { meta: { node_fields: string[]; node_types: [string[]]; edge_fields: string[]; edge_types: [string[]] } }
  nodes: number[]
  edges: number[]
  strings: string[]
}

/** Bytes that each part of the state reaches and no part before it, by a heap snapshot. */
async function reached(measured: Measured): Promise<Map<string, number>> {
  const { snapshot, nodes, edges, strings } = JSON.parse(await text(getHeapSnapshot())) as Snapshot
  const { node_fields: fields, node_types: types, edge_fields: edgeFields, edge_types: edgeTypes } = snapshot.meta
  const [width, edgeWidth] = [fields.length, edgeFields.length]
  const at = (node: number, field: string): number => nodes[node * width + fields.indexOf(field)] as number
  const firstEdge = new Uint32Array(nodes.length / width + 1)
  for (let node = 0; node < nodes.length / width; node++) firstEdge[node + 1] = (firstEdge[node] as number) + at(node, 'edge_count')
  const skipped = new Set(['code', 'closure', 'object shape'].map((type) => types[0].indexOf(type)))
  const engineNames = new Set(['Context', 'NativeContext', 'Map', 'ScopeInfo'].map((name) => `system / ${name}`))
  const isOfEngine = (node: number): boolean => engineNames.has(strings[at(node, 'name')] ?? '')
  const weak = edgeTypes[0].indexOf('weak')
  const next = (node: number): { name: string; to: number }[] => {
    const found: { name: string; to: number }[] = []
    for (let edge = firstEdge[node] as number; edge < (firstEdge[node + 1] as number); edge++) {
      const [type, name, to] = edges.slice(edge * edgeWidth, (edge + 1) * edgeWidth) as [number, number, number]
      const text_ = typeof name === 'number' ? (strings[name] ?? '') : ''
      const isNamed = edgeTypes[0][type] === 'property' || edgeTypes[0][type] === 'internal'
      if (type === weak || (isNamed && ['__proto__', 'map', 'constructor'].includes(text_))) continue
      if (!skipped.has(at(to / width, 'type')) && !isOfEngine(to / width)) found.push({ name: isNamed ? text_ : '', to: to / width })
    }
    return found
  }
  const indexes = Array.from({ length: nodes.length / width }, (_, node) => node)
  const root = indexes.find((node) => strings[at(node, 'name')] === Measured.name && types[0][at(node, 'type')] === 'object')
  const parts = root === undefined ? undefined : next(root).find(({ name }) => name === 'parts')?.to
  // an engine that writes its snapshots otherwise would measure nothing, and nothing is below every target
  if (root === undefined || parts === undefined)
    throw new Error('the snapshot does not hold what is measured under the names it is looked for by')
  const seen = new Set<number>()
  const sizes = new Map<string, number>()
  const byName = new Map(next(parts).map(({ name, to }) => [name, to]))
  for (const name of Object.keys(measured.parts)) {
    const waiting: number[] = [byName.get(name) ?? root]
    let bytes = 0
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (node === root || seen.has(node)) continue
      seen.add(node)
      bytes += at(node, 'self_size')
      for (const { to } of next(node)) waiting.push(to)
    }
    sizes.set(name, bytes)
  }
  return sizes
}

/** A pool in which everybody offers once, in one epoch. */
function worldOf(people: number): PoolLedgerWorld {
  const world = new PoolLedgerWorld()
  world.advanceTo('gather')
  const offered = Array.from({ length: people }, (_, n) =>
    world.offer(world.person(`person ${n}`), {
      rows: Array.from({ length: CHUNKS }, (_row, i) => chunk({ tokens: 60 + ((n * 31 + i * 7) % 400) })),
      tokens: tokensOf(`person ${n}`),
    }),
  )
  world.advance('reveal')
  for (const one of offered) world.show(one)
  const cids = offered.map(({ cid }) => cid)
  for (const validator of world.validators)
    for (let from = 0; from < cids.length; from += MOST_NAMED) world.available(validator, cids.slice(from, from + MOST_NAMED))
  world.testAndClose()
  // an epoch's reports go with the next one
  world.advanceTo('gather')
  return world
}

/** By part of the state. */
async function fold(people: number): Promise<Map<string, number>> {
  const world = worldOf(people)
  const ledger = createLedger({ files: world.files })
  for (const entry of world.entries) ledger.apply(entry)
  const { contributions, results, invalid } = ledger.state
  if (contributions.size !== people || results.length !== 1 || invalid.length > 0) throw new Error(`not folded: ${invalid[0]?.message}`)
  return reached(new Measured(ledger.state))
}

const people = Number(process.argv[2] ?? 240)
const few = Math.ceil(people / 3)
const [before, after] = [await fold(few), await fold(people)]
let each = 0
for (const [part, bytes] of after) {
  const one = (bytes - (before.get(part) ?? 0)) / (people - few)
  each += one
  if (one >= 1) console.log(`${part.padEnd(16)} ${one.toFixed(0).padStart(6)} bytes`)
}
const whole = (100_000 * each) / MiB
console.log(`each contribution of ${CHUNKS} chunks: ${each.toFixed(0)} bytes, so 100,000 of them ${whole.toFixed(0)} MiB`)
const isMet = KEYHOLDER_MIB + whole <= TARGET_MIB
console.log(`with a keyholder of them (${KEYHOLDER_MIB} MiB) within ${TARGET_MIB} MiB: ${isMet ? 'met' : 'MISSED'}`)
if (!isMet) process.exitCode = 1
