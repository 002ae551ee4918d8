import '../core/disposal/index.ts'

export * from './contributor/index.ts'
export * from './crawl/index.ts'
export * from './pool/index.ts'
export * from './seal/index.ts'
