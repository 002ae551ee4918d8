export { dayNumber, isDay, isoOf, padded, secondsOf } from './calendar.ts'
