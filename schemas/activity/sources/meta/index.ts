export { facebook } from './facebook.ts'
export { instagram } from './instagram.ts'
