export { specs } from './specs.ts'
