/**
 * A DAO's own schema: which elements of a page become which typed fields. Part of the charter, so that everybody who replays a record has it.
 * This is its form only; `schemas/selectors` says what a selector, a pattern or a transform may be and runs it.
 */
import { z } from 'zod'

const text = (max: number) => z.string().max(max)

export const FIELD_TYPES = ['string', 'text', 'integer', 'decimal', 'boolean', 'date', 'datetime', 'url', 'enum'] as const
export type FieldType = (typeof FIELD_TYPES)[number]

export const TRANSFORMS = [
  'trim',
  'collapse',
  'lower',
  'upper',
  'replace',
  'extract',
  'split',
  'number',
  'date',
  'is',
  'present',
  'absolute-url',
] as const
export type TransformName = (typeof TRANSFORMS)[number]

/** One step from what the page says to a value. A setting that a step does not use is null. */
export const selectorTransform = z.strictObject({
  do: z.enum(TRANSFORMS),
  /** replace: what to take out, literally. is: the words that mean true. */
  from: text(256).nullable().default(null),
  /** replace: what to put in its place. */
  to: text(256).nullable().default(null),
  /** extract: a pattern; its first group, or the whole match, is what stays. */
  pattern: text(256).nullable().default(null),
  /** split: what stands between two values. */
  by: text(16).nullable().default(null),
  /** number: the decimal mark, and the marks between groups of digits. */
  decimal: z.enum(['.', ',']).nullable().default(null),
  group: text(8).nullable().default(null),
  /** date: how the page writes it, as in `D MMMM YYYY HH:mm`; null: ISO 8601. */
  format: text(64).nullable().default(null),
  /** date: whose month names. */
  language: z.enum(['en', 'de', 'fr', 'es', 'it', 'pt', 'nl']).nullable().default(null),
  /** date: the offset of times that name none. */
  zone: z
    .string()
    .regex(/^[+-](0\d|1[0-4]):[0-5]\d$/, 'an offset such as +01:00')
    .nullable()
    .default(null),
})
export type SelectorTransform = z.infer<typeof selectorTransform>

export const selectorField = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'lower-case letters, digits and underscores, at most 32'),
  description: text(128).default(''),
  /** CSS selectors, the first that gives a value of the type counts. Within an item they look inside it; `:scope` is the item or page itself. */
  select: z.array(z.string().min(1).max(256)).min(1).max(8),
  /** The attribute to read; null: the element's text. */
  attr: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_:.-]{0,63}$/, 'the name of an attribute')
    .nullable()
    .default(null),
  type: z.enum(FIELD_TYPES),
  /** decimal: digits after the point, always so many. */
  scale: z.int().min(0).max(9).default(2),
  /** enum: the words it may be. */
  values: z.array(z.string().min(1).max(128)).max(256).default([]),
  transforms: z.array(selectorTransform).max(16).default([]),
  /** A page (or item) without it gives no record. */
  required: z.boolean().default(false),
  /** A list of all values in document order, instead of the first. */
  many: z.boolean().default(false),
  /** Characters of a string or text; longer ones are cut. */
  maxLength: z.int().min(1).max(100_000).default(4096),
  /** Values of a list; further ones are left out. */
  maxItems: z.int().min(1).max(1000).default(100),
})
export type SelectorField = z.infer<typeof selectorField>

const exampleCell = z.union(
  [text(100_000), z.int(), z.boolean(), z.null()],
  'text, a whole number, true, false or null; decimals in quotes',
)
/** A page, and what it has to give. Fields that a record does not name are not compared. */
export const selectorExample = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2048),
  html: text(65_536).nullable().default(null),
  /** A saved page beside the charter file, which `quern charter check` reads. */
  file: z
    .string()
    .regex(/^(?!\.)[A-Za-z0-9._-]+(\/(?!\.)[A-Za-z0-9._-]+){0,7}$/, 'a file below the charter’s folder')
    .max(256)
    .nullable()
    .default(null),
  records: z.array(z.record(text(32), z.union([exampleCell, z.array(exampleCell).max(1000)]))).max(256),
})
export type SelectorExample = z.infer<typeof selectorExample>

export const selectorSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower-case letters, digits and dashes, at most 32'),
  version: z.int().min(1).max(9999).default(1),
  description: text(256).default(''),
  /** Pages it is meant for; any other gives no record. Empty: all. */
  match: z
    .strictObject({
      /** The host itself and every host below it. */
      hosts: z
        .array(z.string().regex(/^[a-z0-9.-]{1,253}$/, 'a host name in lower case'))
        .max(256)
        .default([]),
      /** What a path begins with; `*` stands for any characters but `/`. */
      paths: z
        .array(
          z
            .string()
            .regex(/^\/[!-~]*$/, 'a path that begins with /')
            .max(256),
        )
        .max(64)
        .default([]),
    })
    .prefault({}),
  /** Selector of the items of a page that are one record each; null: the page is one record. */
  each: z.string().min(1).max(256).nullable().default(null),
  fields: z.array(selectorField).min(1).max(64),
  examples: z.array(selectorExample).max(32).default([]),
})
export type SelectorSchema = z.infer<typeof selectorSchema>
export type SelectorSchemaInput = z.input<typeof selectorSchema>

/** Columns of a release that fields have at most; further fields stay together in one. */
export const MAX_OWN_COLUMNS = 200

/** `shop_price`: the column of a release that holds a field. */
export const columnOf = ({ name }: Pick<SelectorSchema, 'name'>, field: Pick<SelectorField, 'name'>): string =>
  `${name.replaceAll('-', '_')}_${field.name}`

/** `name@version`, as records and manifests carry it. */
export const schemaIdOf = ({ name, version }: Pick<SelectorSchema, 'name' | 'version'>): string => `${name}@${version}`
