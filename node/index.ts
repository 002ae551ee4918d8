export * from './contributor/index.ts'
export * from './seal/index.ts'
