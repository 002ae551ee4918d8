import { compareBytes, sha256, utf8 } from '../../schemas/wire/index.ts'

/** `items` by SHA-256(domain ‖ parts ‖ key of the item) ascending: a lottery that public inputs decide. Equal keys keep their order. */
export function byHash<T>(items: readonly T[], keyOf: (item: T) => string, ...parts: Uint8Array[]): T[] {
  return items
    .map((item) => ({ item, hash: sha256(...parts, utf8(keyOf(item))) }))
    .toSorted((a, b) => compareBytes(a.hash, b.hash))
    .map(({ item }) => item)
}
