export { type Health, healthOf, type Life, showLife } from './life.ts'
