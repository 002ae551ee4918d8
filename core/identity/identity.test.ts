import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { didFromPeer, fromHex, toHex, utf8 } from '../../schemas/wire/index.ts'
import { generateKey, keyFromSeed, openKeyFile, openLibp2pKey, verifySignature } from './index.ts'

/** RFC 8032, 7.1, test 3. */
const rfc = {
  seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
  publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
  message: 'af82',
  signature:
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
}

describe('a signer', () => {
  it('signs as RFC 8032 says', () => {
    const signer = keyFromSeed(fromHex(rfc.seed))
    expect(toHex(signer.publicKey)).toBe(rfc.publicKey)
    expect(toHex(signer.sign(fromHex(rfc.message)))).toBe(rfc.signature)
    expect(verifySignature(signer.did, fromHex(rfc.message), fromHex(rfc.signature))).toBe(true)
  })

  it('is one key in three spellings', () => {
    const signer = generateKey()
    expect(signer.did).toMatch(/^did:key:z6Mk/)
    expect(signer.peer).toMatch(/^12D3KooW/)
    expect(didFromPeer(signer.peer)).toBe(signer.did)
  })

  it('gives libp2p the same key', async () => {
    const signer = generateKey()
    const key = await openLibp2pKey(signer)
    expect(toHex(key.publicKey.raw)).toBe(toHex(signer.publicKey))
    expect(verifySignature(signer.publicKey, utf8('hello'), await key.sign(utf8('hello')))).toBe(true)
  })

  it('shows its secret to nobody', () => {
    const signer = keyFromSeed(fromHex(rfc.seed))
    expect(JSON.stringify(signer)).not.toContain(rfc.seed)
    expect(Object.keys(signer).toSorted()).toEqual(['did', 'peer', 'publicKey', 'sign'])
  })

  it('refuses a seed of the wrong length', () => {
    expect(() => keyFromSeed(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'BAD_SEED' }))
  })
})

describe('verification', () => {
  const signer = generateKey()
  const good = signer.sign(utf8('words'))
  const flipped = good.map((byte, i) => (i === 10 ? byte ^ 1 : byte))
  it.each<[string, string | Uint8Array, Uint8Array, Uint8Array]>([
    ['another message', signer.did, utf8('other words'), good],
    ['another key', generateKey().did, utf8('words'), good],
    ['a flipped bit', signer.did, utf8('words'), flipped],
    ['a short signature', signer.did, utf8('words'), good.slice(1)],
    ['no signature', signer.did, utf8('words'), new Uint8Array(0)],
    ['a key of 31 bytes', signer.publicKey.slice(1), utf8('words'), good],
    ['a key that is no point', new Uint8Array(32).fill(255), utf8('words'), good],
    ['no did:key', 'did:web:example.org', utf8('words'), good],
    ['an empty name', '', utf8('words'), good],
  ])('says no to %s', (_, who, bytes, signature) => {
    expect(verifySignature(who, bytes, signature)).toBe(false)
  })
})

describe('a key file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'quern-keys-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('is made once, for its owner only, and read again', async () => {
    const file = path.join(folder, 'deep', 'identity.key')
    const made = await openKeyFile(file)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await openKeyFile(file)).did).toBe(made.did)
    expect(await readdir(path.dirname(file))).toEqual(['identity.key'])
  })

  it('is PKCS#8 PEM, which other tools read', async () => {
    const file = path.join(folder, 'pem.key')
    await openKeyFile(file)
    expect(createPrivateKey(await readFile(file, 'utf8')).asymmetricKeyType).toBe('ed25519')
  })

  it('is the same for two who start at once', async () => {
    const file = path.join(folder, 'race.key')
    const signers = await Promise.all(Array.from({ length: 8 }, () => openKeyFile(file)))
    expect(new Set(signers.map((signer) => signer.did)).size).toBe(1)
  })

  it('is refused when others may read it, and names the cure', async () => {
    const file = path.join(folder, 'open.key')
    await openKeyFile(file)
    await chmod(file, 0o644)
    await expect(openKeyFile(file)).rejects.toMatchObject({
      code: 'KEY_FILE_EXPOSED',
      message: expect.stringContaining(`chmod 600 ${file}`),
    })
  })

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  it.each([
    ['nothing', ''],
    ['garbage', 'not a key\n'],
    ['half a key', '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI'],
    ['another kind of key', rsa],
    ['far too much', 'x'.repeat(100_000)],
  ])('is refused when it holds %s, and stays as it is', async (name, content) => {
    const file = path.join(folder, `${name}.key`)
    await writeFile(file, content, { mode: 0o600 })
    await expect(openKeyFile(file)).rejects.toMatchObject({ code: 'KEY_FILE_BAD' })
    expect(await readFile(file, 'utf8')).toBe(content)
  })

  it('says so when it cannot be made', async () => {
    const file = path.join(folder, 'plain')
    await writeFile(file, '')
    await expect(openKeyFile(path.join(file, 'identity.key'))).rejects.toMatchObject({ code: /KEY_FILE_UN(READ|WRIT)ABLE/ })
  })
})
