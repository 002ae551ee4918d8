export { type ChunkScore, type ChunkToScore, latestMonth, scorePoolChunk } from './score-chunk.ts'
export { scoreContribution, type ScoreContribution } from './score-contribution.ts'
