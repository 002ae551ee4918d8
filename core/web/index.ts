export type { GetOptions, Web } from './web.ts'
