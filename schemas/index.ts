/** What a record is, and what is said between peers. Pure: no I/O, no clock. */
export * from './evidence/index.ts'
export * from './measures/index.ts'
export * from './permission/index.ts'
export * from './pipeline/index.ts'
export * from './selectors/index.ts'
export * from './web-page/index.ts'
export * from './wire/index.ts'
