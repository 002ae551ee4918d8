/** One JSON line per event, by pino. Loaded by `openLogger` only. */
import { type DestinationStream, pino } from 'pino'
import type { Logger } from '../effects/index.ts'

export interface LogOptions {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Where the lines go; standard error unless given, because standard output belongs to results. */
  destination?: DestinationStream
}

export function pinoLogger({ level, destination = pino.destination({ dest: 2, sync: true }) }: LogOptions): Logger {
  // `event` rather than pino's `msg`, level by name, no host name or process id: a line says what happened and where in the program
  const root = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  return named(root, '')
}

interface Lines {
  debug(fields: object, event: string): void
  info(fields: object, event: string): void
  warn(fields: object, event: string): void
  error(fields: object, event: string): void
}

function named(lines: Lines, place: string): Logger {
  const fieldsOf = (fields: Record<string, unknown> = {}): object => (place === '' ? fields : { place, ...fields })
  return {
    debug: (event, fields) => lines.debug(fieldsOf(fields), event),
    info: (event, fields) => lines.info(fieldsOf(fields), event),
    warn: (event, fields) => lines.warn(fieldsOf(fields), event),
    error: (event, fields) => lines.error(fieldsOf(fields), event),
    child: (name) => named(lines, name),
  }
}
