/** Everything about a release that must not be guessed comes from its one secret, by name. */
import { createHmac } from 'node:crypto'
import { type CID, sha256, u32, utf8 } from '../../schemas/wire/index.ts'

const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Uint8Array => {
  const mac = createHmac('sha256', key)
  for (const part of parts) mac.update(part)
  return new Uint8Array(mac.digest())
}

/** HMAC-SHA256(secret, "quern/pool-salt/v1\0" ‖ manifest CID). */
export const leafSalt = (secret: Uint8Array, manifest: CID): Uint8Array => hmac(secret, utf8('quern/pool-salt/v1\0'), manifest.bytes)

/** What opens a member's commitment: SHA-256("quern/pool-tag/v1\0" ‖ salt of its leaf), so that whoever has its proof of inclusion has it too. */
export const memberTag = (salt: Uint8Array): Uint8Array => sha256(utf8('quern/pool-tag/v1\0'), salt)

/** What stands for an account in a release's list: SHA-256("quern/pool-member/v1\0" ‖ tag). */
export const memberCommit = (tag: Uint8Array): Uint8Array => sha256(utf8('quern/pool-member/v1\0'), tag)

/** A tag of whoever is no member: HMAC-SHA256(secret, "quern/pool-stray/v1\0" ‖ who). Nobody without the secret tells it from a tag. */
export const strayTag = (secret: Uint8Array, who: string): Uint8Array => hmac(secret, utf8('quern/pool-stray/v1\0'), utf8(who))

/** What fills the tree: HMAC-SHA256(secret, "quern/pool-filling/v1\0" ‖ u32be(i)). Nobody without the secret tells it from a leaf. */
export const fillingLeaf = (secret: Uint8Array, i: number): Uint8Array => hmac(secret, utf8('quern/pool-filling/v1\0'), u32(i))

/** The name of a person within one release: `p` and half of HMAC-SHA256(secret, "quern/pool-person/v1\0" ‖ who), shortened. */
export const personOf = (secret: Uint8Array, who: string): string =>
  `p${Buffer.from(hmac(secret, utf8('quern/pool-person/v1\0'), utf8(who)).subarray(0, 8)).toString('hex')}`

/** The key of one release's canaries: HMAC-SHA256(operator's canary key, "quern/canary-key/v1\0" ‖ dao ‖ 0 ‖ name ‖ 0 ‖ trainer). */
export const canaryKeyOf = (key: Uint8Array, { dao, name, trainer }: { dao: string; name: string; trainer: string }): Uint8Array =>
  hmac(key, utf8('quern/canary-key/v1\0'), utf8(`${dao}\0${name}\0${trainer}`))

/** What order and manifest say of that key before anybody sees it. */
export const canaryCommit = (releaseKey: Uint8Array): Uint8Array => sha256(utf8('quern/canary-commit/v1\0'), releaseKey)

/** Bytes that a key and a name decide, without end. */
export function keyedBytes(key: Uint8Array, name: string): (length: number) => Uint8Array {
  let [block, at, counter] = [new Uint8Array(), 0, 0] as [Uint8Array, number, number]
  return (length) => {
    const out = new Uint8Array(length)
    for (let i = 0; i < length; i++) {
      if (at === block.byteLength) [block, at] = [hmac(key, utf8(name), u32(counter++)), 0]
      out[i] = block[at++] as number
    }
    return out
  }
}
