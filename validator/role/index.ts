export { seatStatement, type ValidatorKeys } from './seat.ts'
export { Validator, type ValidatorOptions, type ValidatorProgress } from './validator.ts'
