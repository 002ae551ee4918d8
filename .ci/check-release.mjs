// Reads the newest release below a folder with DuckDB and prints what is in it.
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'

const folder = process.argv[2]
const [release] = readdirSync(folder).filter((name) => name.startsWith('baf'))
const glob = path.join(folder, release, 'data', '*.parquet').replaceAll("'", "''")
const instance = await DuckDBInstance.create(':memory:')
const connection = await instance.connect()
const sql = `SELECT count(*)::INT, count(DISTINCT id)::INT, count(DISTINCT contributor_id)::INT, sum(n_tokens)::INT FROM read_parquet('${glob}')`
const [[rows, ids, contributors, tokens]] = (await connection.runAndReadAll(sql)).getRows()
console.log(`DuckDB reads ${rows} records, ${ids} distinct, by ${contributors} contributors, ${tokens} tokens`)
if (!(rows > 50) || rows !== ids || contributors !== 3) process.exit(1)
