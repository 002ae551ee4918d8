export type { PoolHome } from './keyholder-duty.ts'
export type { ValidatorOptions, ValidatorProgress } from './options.ts'
export { seatStatement, type ValidatorKeys } from './seat.ts'
export { Validator } from './validator.ts'
