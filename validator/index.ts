import '../core/disposal/index.ts'

export * from './role/index.ts'
