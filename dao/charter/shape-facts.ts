/** What the charter's shape knows of each field, read from the shape itself: keys, range, default. So no message can drift from the rules. */
import { z } from 'zod'
import { type Charter, charter, poolTerms } from '../../schemas/wire/index.ts'
import { exampleInput } from './examples.ts'
import type { Path } from './problem.ts'

/** The shape at a path, wrappers (default, nullable) taken off; undefined where the charter has no such field. */
export function shapeAt(path: Path): z.core.$ZodType | undefined {
  let shape: z.core.$ZodType | undefined = unwrap(charter)
  for (const step of path) {
    if (shape instanceof z.ZodObject) shape = own(shape.shape as Record<string, z.core.$ZodType>, String(step))
    else if (shape instanceof z.ZodArray) shape = shape.element
    else if (shape instanceof z.ZodTuple) shape = (shape.def.items as z.core.$ZodType[])[Number(step)]
    else if (shape instanceof z.ZodRecord) shape = shape.valueType
    else return undefined
    shape = shape && unwrap(shape)
  }
  return shape
}

/** Keys that a section takes; empty for anything that is no section. */
export function keysAt(path: Path): string[] {
  const shape = shapeAt(path)
  return shape instanceof z.ZodObject ? Object.keys(shape.shape) : []
}

/** Every path that ends in a field (no section), `*` standing for any index or free key. */
export function leafPaths(from: readonly string[] = []): string[][] {
  const shape = shapeAt(from)
  if (shape instanceof z.ZodObject) return Object.keys(shape.shape).flatMap((key) => leafPaths([...from, key]))
  return [[...from]]
}

/** Smallest and largest whole number that a field takes; undefined for what is no number. */
export function rangeAt(path: Path): { min: number; max: number } | undefined {
  const shape = shapeAt(path)
  if (!(shape instanceof z.ZodNumber)) return undefined
  return { min: shape.minValue ?? Number.MIN_SAFE_INTEGER, max: shape.maxValue ?? Number.MAX_SAFE_INTEGER }
}

/** Whether the charter does without this section or field, rather than with its defaults. */
export function isLeftOut(path: Path): boolean {
  const section = shapeAt(path.slice(0, -1))
  return (
    section instanceof z.ZodObject && own(section.shape as Record<string, z.core.$ZodType>, String(path.at(-1))) instanceof z.ZodOptional
  )
}

let defaults: Charter | undefined
/** The value a field has when nobody writes it; undefined for the fields a person must write. */
export function defaultAt(path: Path): unknown {
  defaults ??= { ...charter.parse(exampleInput), pool: poolTerms.parse({}) }
  if (Object.hasOwn(exampleInput, String(path[0]))) return undefined
  return path.reduce<unknown>((value, step) => (isObject(value) ? own(value, String(step)) : undefined), defaults)
}

function unwrap(shape: z.core.$ZodType): z.core.$ZodType {
  let inner = shape
  while (
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault ||
    inner instanceof z.ZodNullable ||
    inner instanceof z.ZodOptional
  )
    inner = inner.unwrap()
  return inner
}

function own<V>(object: Record<string, V>, key: string): V | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
