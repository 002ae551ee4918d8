import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { type CID, fromHex, toHex } from '../../schemas/wire/index.ts'
import { createLedger } from './index.ts'

interface Vector {
  ledger: string
  entries: string[]
  files: Record<string, string>
  root: string
  invalid: { index: number; code: string }[]
  epochs: { epoch: number; cut: number; beacon: string; root: string; table: string; rows: unknown[] }[]
}

it('gives the published roots, beacons and tables from the published bytes', () => {
  const file = path.resolve(import.meta.dirname, '../../tests/vectors/ledger.json')
  const vector = JSON.parse(readFileSync(file, 'utf8')) as Vector
  const read = (cid: CID): Uint8Array | undefined => {
    const hex = vector.files[cid.toString()]
    return hex === undefined ? undefined : fromHex(hex)
  }
  const ledger = createLedger({ ledgerId: vector.ledger, files: { read } })
  for (const entry of vector.entries) ledger.apply(fromHex(entry))
  const { state } = ledger
  expect(toHex(ledger.rootAt(state.size) ?? new Uint8Array())).toBe(vector.root)
  expect(state.invalid.map(({ index, code }) => ({ index, code }))).toEqual(vector.invalid)
  const epochs = state.results.map(({ epoch, cut, beacon, root, table, rows }) => ({
    epoch,
    cut,
    beacon: toHex(beacon),
    root: toHex(root),
    table: table.toString(),
    rows,
  }))
  expect(epochs).toEqual(vector.epochs)
})
