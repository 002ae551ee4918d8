/** A release folder on this machine: verify every file against its manifest, then ask its Parquet questions with DuckDB, without Quern. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { verifyRelease } from 'quern/dao'
import { sampleRelease } from '../../tests/support/sample-release.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quern-example-'))
  await sampleRelease(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

it('is right as it was cut, and a flipped byte is named', async () => {
  const report = await verifyRelease({ folder })
  expect(report.ok).toBe(true)
  const card = path.join(folder, 'README.md')
  const bytes = await readFile(card)
  await writeFile(card, bytes.with(0, (bytes[0] as number) ^ 1))
  const spoilt = await verifyRelease({ folder })
  expect(spoilt.problems.map(({ file }) => file)).toContain('README.md')
  await writeFile(card, bytes)
})

it('is read by DuckDB as it lies there', async () => {
  const database = await DuckDBInstance.create(':memory:')
  const connection = await database.connect()
  const shards = path.join(folder, '**', '*.parquet').replaceAll("'", "''")
  const reader = await connection.runAndReadAll(
    `SELECT lang, count(*)::INTEGER AS pages, sum(n_tokens)::INTEGER AS tokens FROM read_parquet('${shards}') GROUP BY lang ORDER BY lang`,
  )
  const rows = reader.getRowObjects()
  expect(rows.map(({ lang }) => lang)).toEqual(['de', 'en'])
  expect(rows.every(({ tokens }) => Number(tokens) > 0)).toBe(true)
  connection.closeSync()
  database.closeSync()
})
