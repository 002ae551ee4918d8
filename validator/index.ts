export * from './role/index.ts'
