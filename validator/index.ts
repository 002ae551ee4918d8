import '../core/disposal/index.ts'

export * from './keyholder/index.ts'
export * from './role/index.ts'
