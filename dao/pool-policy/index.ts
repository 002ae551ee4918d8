/** How an operator opens a personal pool: one file to write, a committee from the roster, a signed policy, a charter that names it. */
export { chooseCommittee, quorumFor, type Seat } from './choose-committee.ts'
export { nextCommittee, type Succession } from './next-committee.ts'
export { type OpenedPool, openPool } from './open-pool.ts'
export { type PoolFile, poolTemplate, readPoolFile } from './pool-file.ts'
