/** What comes in and goes out, as zod shapes that also become the OpenAPI document. */
import { z } from '@hono/zod-openapi'
import { CID } from 'multiformats/cid'
import { MAX_PAGE, PAGE } from './paging.ts'

export { z }

/** A CIDv1 with SHA-256 in base32: other spellings of the same CID are not taken, so that a cache holds one copy. */
export const cidText = z
  .string()
  .max(128)
  .refine((text) => parsed(text)?.toString() === text, 'must be a CIDv1 with SHA-256 in base32')
  .openapi({ example: 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' })

function parsed(text: string): CID | undefined {
  try {
    const cid = CID.parse(text)
    return cid.version === 1 && cid.multihash.code === 0x12 ? cid : undefined
  } catch {
    return undefined
  }
}

/** A whole number as a query writes it. */
export const whole = (max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value <= max, `must be at most ${max}`)
    .openapi({ type: 'integer', minimum: 0, maximum: max })

export const limit = whole(MAX_PAGE)
  .optional()
  .transform((value) => value ?? PAGE)
  .openapi({ type: 'integer', minimum: 0, maximum: MAX_PAGE, default: PAGE })
export const cursor = z.string().max(512).optional()
export const page = z.strictObject({ cursor, limit })
/** One word or several: `lang=de&lang=en`. */
export const words = z
  .union([z.string(), z.array(z.string()).max(32)])
  .optional()
  .transform((value) => (value === undefined ? undefined : Array.isArray(value) ? value : [value]))
  .openapi({ type: 'array', items: { type: 'string' } })

export const problem = z
  .strictObject({ type: z.string(), title: z.string(), status: z.int(), code: z.string(), detail: z.string() })
  .openapi('Problem')
/** An object whose fields the words of the route describe. */
export const object = z.looseObject({})

/** Without the words that were not said. */
export function present<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
