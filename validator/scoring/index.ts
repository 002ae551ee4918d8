export { accountTokens, type AccountTokens, type MailTerms } from './attest.ts'
export { type ChunkScore, type ChunkToScore, latestMonth, scorePoolChunk } from './score-chunk.ts'
export { scoreContribution, type ScoreContribution, type Scored } from './score-contribution.ts'
