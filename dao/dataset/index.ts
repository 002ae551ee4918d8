/** For those who use the data: list, show, query, fetch and verify releases. */
export { fetchRelease, type FetchOptions } from './fetch.ts'
export { csvLine, tableOf } from './formats.ts'
export { type DatasetQuery, parseFilters, QUERY_FORMATS, type QueryFormat, queryText, queryToParquetFile } from './query.ts'
export type { HttpRequest } from './http-client.ts'
export { parquetFiles, parseManifest, readManifest, readShares } from './read-release.ts'
export { listReleases, type ReleaseSummary, showRelease } from './show.ts'
export { type LoggedRelease, type Problem, verifyRelease, type VerifyOptions, type VerifyReport } from './verify.ts'
