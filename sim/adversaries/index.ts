export { changing, copycat, fabricating, forging, honest, lazy, Loot, vanishing } from './adversaries.ts'
