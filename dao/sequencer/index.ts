export { openSequencer } from './sequencer.ts'
export type { Admission, Integrated, Sequencer, SequencerOptions, Submission } from './types.ts'
