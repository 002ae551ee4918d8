/** Published vectors through our own door, and our own vectors for whoever writes this in another language. */
import { ristretto255_oprf } from '@noble/curves/ed25519.js'
import * as testkit from 'cctv-age'
import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { codeOf } from '../../core/errors/index.ts'
import {
  answerFault,
  combineAnswers,
  dealPolynomial,
  dealtHash,
  evaluateBlinded,
  functionOf,
  keyCommit,
  keyFromSecret,
  openChunk,
  openWithIdentities,
  openWithPassphrase,
  ownerPart,
  partialKeys,
  poolContext,
  publicShare,
  sampledChunks,
  sealChunk,
  shareFits,
  unarmored,
} from '../../dao/custody/index.ts'
import { fromHex, type KeyAnswer, parseCid, sha256, toHex, type TokenAnswer, utf8 } from '../../schemas/wire/index.ts'
import { LEDGER, poolPolicy, sampleManifest } from '../support/pool-world.ts'
import vectors from './custody.json' with { type: 'json' }

const scalar = (hex: string): bigint => BigInt(`0x${toHex(fromHex(hex).toReversed())}`)

describe('RFC 9497, VOPRF over ristretto255', () => {
  const { skSm, pkSm } = vectors.rfc9497
  it.each(vectors.rfc9497.vectors)('batch of $Batch, input $Input: partials and their proof', (vector) => {
    const points = vector.BlindedElement.split(',').map(fromHex)
    const random = (): Uint8Array => wideOf(vector.Proof.r)
    const { evaluated, proof } = ristretto255_oprf.voprf.blindEvaluateBatch(fromHex(skSm), fromHex(pkSm), points, random)
    expect(evaluated.map(toHex)).toEqual(vector.EvaluationElement.split(','))
    const items = points.map((blinded, i) => ({
      input: fromHex(vector.Input.split(',')[i] as string),
      blind: fromHex(vector.Blind.split(',')[i] as string),
      blinded,
      evaluated: evaluated[i] as Uint8Array,
    }))
    const finish = (with_: Uint8Array): string[] => ristretto255_oprf.voprf.finalizeBatch(items, fromHex(pkSm), with_).map(toHex)
    expect(finish(fromHex(vector.Proof.proof))).toEqual(vector.Output.split(','))
    expect(finish(proof)).toEqual(vector.Output.split(','))
    expect(() => finish(proof.map((byte, i) => (i === 0 ? byte ^ 1 : byte)))).toThrow(/proof/)
  })
})

describe('RFC 9497 by three of five, none of whom has the key', () => {
  const { skSm, vectors: cases } = vectors.rfc9497
  it.each(cases)('batch of $Batch, input $Input: the output as printed', (vector) => {
    const { shares, commitments } = dealPolynomial([scalar(skSm), 11n, 22n], 5)
    const [bands, blinds, blinded] = [vector.Input, vector.Blind, vector.BlindedElement].map((list) => list.split(',').map(fromHex))
    const answers = [5, 2, 3].map((x): TokenAnswer => {
      const held = { x, share: shares[x - 1] as Uint8Array, commitments }
      return { v: 1, key: parseCid(vectors.custody.sample.manifest), x, ...evaluateBlinded(held, blinded as Uint8Array[]) }
    })
    const asked = { bands: bands as Uint8Array[], blinds: blinds as Uint8Array[] }
    expect(functionOf(answers, 3, asked)?.map(toHex)).toEqual(vector.Output.split(','))
    expect(functionOf(answers.slice(1), 3, asked)).toBeUndefined()
  })
})

describe('RFC 9591, shares of a trusted dealer over ristretto255', () => {
  const { group_secret_key, group_public_key, share_polynomial_coefficients, participant_shares } = vectors.rfc9591
  const dealing = dealPolynomial([group_secret_key, ...share_polynomial_coefficients].map(scalar), 3)
  it('gives the shares and the public key as printed', () => {
    expect(dealing.shares.map(toHex)).toEqual(participant_shares.map(({ participant_share }) => participant_share))
    expect(toHex(dealing.commitments[0] as Uint8Array)).toBe(group_public_key)
    for (const { identifier, participant_share } of participant_shares) {
      expect(shareFits(fromHex(participant_share), identifier, dealing.commitments)).toBe(true)
      expect(shareFits(fromHex(participant_share), identifier + 1, dealing.commitments)).toBe(false)
    }
  })
})

describe('age testkit (C2SP/CCTV)', () => {
  const cases = Object.entries(testkit as unknown as Record<string, Uint8Array>).map(([name, bytes]) => ({ name, ...parsed(bytes) }))
  it('is all there', () => expect(cases.length).toBe(143))

  it.each(cases)('$name: $expect', async ({ name, expect: outcome, payload, identities, passphrases, armored, file }) => {
    const open = async (): Promise<string> => {
      const bytes = armored ? await unarmored(Buffer.from(file).toString('latin1')) : file
      for (const passphrase of passphrases.slice(0, -1)) await openWithPassphrase(bytes, passphrase).catch(() => undefined)
      const last = passphrases.at(-1)
      const text = last === undefined ? await openWithIdentities(bytes, identities) : await openWithPassphrase(bytes, last)
      return toHex(sha256(text))
    }
    // the format lets a file have both kinds of recipients; we do not
    const refused = name === 'hybrid_and_x25519' ? 'MIXED_RECIPIENTS' : 'AGE_UNREADABLE'
    const wanted = outcome === 'success' && refused === 'AGE_UNREADABLE' ? payload : refused
    expect(await open().catch(codeOf)).toBe(wanted)
  })

  function parsed(bytes: Uint8Array) {
    const end = Buffer.from(bytes).indexOf('\n\n')
    const lines = Buffer.from(bytes.subarray(0, end)).toString().split('\n').map((line) => line.split(': ') as [string, string])
    const all = (key: string): string[] => lines.filter(([name]) => name === key).map(([, value]) => value)
    const rest = bytes.subarray(end + 2)
    return {
      expect: all('expect')[0] as string,
      payload: all('payload')[0],
      identities: all('identity'),
      passphrases: all('passphrase'),
      armored: all('armored')[0] === 'yes',
      file: all('compressed')[0] === 'zlib' ? new Uint8Array(inflateSync(rest)) : new Uint8Array(rest),
    }
  }
})

describe('custody', () => {
  const v = vectors.custody
  const [salt, owner] = [fromHex(v.salt), fromHex(v.ownerKey)]
  const dealing = dealPolynomial(v.coefficients.map(scalar), v.n)
  const first = dealing.commitments[0] as Uint8Array
  const context = poolContext(first, salt)

  it('gives shares, commitments, hashes and keys as written down', () => {
    expect(dealing.shares.map(toHex)).toEqual(v.shares)
    expect(dealing.commitments.map(toHex)).toEqual(v.commitments)
    expect(dealing.shares.map((_, i) => toHex(publicShare(dealing.commitments, i + 1)))).toEqual(v.publicShares)
    expect(toHex(dealtHash(dealing.commitments))).toBe(v.dealt)
    expect(toHex(keyCommit(first, dealtHash(dealing.commitments), salt))).toBe(v.keyCommit)
    expect(toHex(context)).toBe(v.context)
    const secret = scalar(v.coefficients[0] as string)
    for (const { i, key, ownerPart: part, keyWithOwner } of v.keys) {
      expect(toHex(keyFromSecret(secret, context, i))).toBe(key)
      expect(toHex(ownerPart(owner, context, i))).toBe(part)
      expect(toHex(keyFromSecret(secret, context, i, owner))).toBe(keyWithOwner)
    }
    expect(sampledChunks(fromHex(v.sample.beacon), parseCid(v.sample.manifest), v.sample.chunks, v.sample.count)).toEqual(v.sample.indices)
  })

  it('opens the written answers, which carry proofs that hold', () => {
    const manifest = sampleManifest(poolPolicy(), { keyCommit: fromHex(v.keyCommit) })
    const answers = v.answers.map(
      ({ x, points, proof }): KeyAnswer => ({
        v: 1,
        manifest: parseCid(v.sample.manifest),
        x,
        generation: 0,
        salt,
        dealt: fromHex(v.dealt),
        commitments: dealing.commitments,
        points: points.map(fromHex),
        proof: fromHex(proof),
      }),
    )
    const indices = v.keys.map(({ i }) => i)
    expect(answers.map((answer) => answerFault(answer, manifest, v.k, indices))).toEqual(answers.map(() => undefined))
    expect(combineAnswers(answers, v.k, indices)?.keys.map(toHex)).toEqual(v.keys.map(({ key }) => key))
    const parts = indices.map((i) => ownerPart(owner, context, i))
    expect(combineAnswers(answers, v.k, indices, parts)?.keys.map(toHex)).toEqual(v.keys.map(({ keyWithOwner }) => keyWithOwner))
  })

  it('opens the written chunk', () => {
    const { i, lines, sealed } = v.chunk
    const key = fromHex(v.keys.find((one) => one.i === i)?.key as string)
    expect(Buffer.from(openChunk(fromHex(sealed), key, context, i)).toString()).toBe(lines)
    // gzip may pack the same lines otherwise in another engine: what it seals opens all the same
    expect(Buffer.from(openChunk(sealChunk(utf8(lines), key, context, i), key, context, i)).toString()).toBe(lines)
    expect(LEDGER).toMatch(/^quern\//)
  })

  it('holds partials that are what a share gives', () => {
    const held = { x: 1, generation: 0, share: dealing.shares[0] as Uint8Array, salt, dealt: fromHex(v.dealt), commitments: dealing.commitments }
    expect(partialKeys(held, v.keys.map(({ i }) => i)).points.map(toHex)).toEqual(v.answers[0]?.points)
  })
})

/** What the library's mapping of random bytes to a scalar takes back to `r`: RFC 9380's hash_to_field with room to spare, less the one it adds. */
function wideOf(hex: string): Uint8Array {
  const wide = new Uint8Array(48)
  const r = scalar(hex) - 1n
  for (let i = 0; i < 32; i++) wide[i] = Number((r >> BigInt(8 * i)) & 0xffn)
  return wide
}
