import { describe, expect, it } from 'vitest'
import { keyFromSeed } from '../../core/identity/index.ts'
import { utf8 } from '../../schemas/wire/index.ts'
import { parseCheckpoint, signCheckpoint } from './checkpoint.ts'
import { cosign, lowerMedian, medianCosignatureTime, withSignatures } from './cosignature.ts'
import { EMPTY_ROOT, leafHash } from './merkle.ts'
import { formatNote, formatSignatureLine, keyring, openNote, parseNote, signNote } from './note.ts'
import { formatVkey, isKeyName, noteSigner, parseSkey, parseVkey, SIGNATURE_TYPES } from './note-key.ts'

const { ed25519, cosignature } = SIGNATURE_TYPES
const seed = (n: number) => keyFromSeed(new Uint8Array(32).fill(n))
const log = noteSigner('log.example/a', ed25519, seed(1))
const other = noteSigner('log.example/b', ed25519, seed(2))
const witness = (n: number) => noteSigner(`witness.example/${n}`, cosignature, seed(100 + n))

/** The example of c2sp.org/signed-note. */
const example = {
  vkey: 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
  note: `This is an example message.

\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
`,
}
/** Keys and note of Go's sumdb/note package documentation. */
const sumdb = {
  skey: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  vkey: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  signature: '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n',
}

describe('a verifier key', () => {
  it.each([example.vkey, sumdb.vkey, formatVkey(log.key), formatVkey(witness(1).key)])('reads back as it was written: %s', (vkey) => {
    expect(formatVkey(parseVkey(vkey))).toBe(vkey)
  })

  it.each([
    ['nothing', ''],
    ['no plus', 'example.com/foo'],
    ['a wrong key ID', example.vkey.replace('530d903a', '530d903b')],
    ['an upper-case key ID', example.vkey.replace('530d903a', '530D903A')],
    ['another name', example.vkey.replace('example', 'elpmaxe')],
    ['a space in the name', example.vkey.replace('/', ' ')],
    ['base64 without padding', formatVkey(log.key).slice(0, -4)],
    ['a second spelling of base64', example.vkey.replace(/k$/, 'l')],
    ['a short key', 'a+00000000+AQAA'],
    ['far too much', `${'a'.repeat(600)}+00000000+AQAA`],
  ])('is refused: %s', (_, vkey) => {
    expect(() => parseVkey(vkey)).toThrow(expect.objectContaining({ code: 'BAD_VKEY' }))
  })

  it('names a signature type it cannot check', () => {
    expect(() => parseVkey('a+00000000+BgAA')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_KEY' }))
  })

  it.each(['', 'a b', 'a+b', 'a\u00a0b', 'a\u2028b', 'a\u3000', 'a\u0085b', 'a\nb', '\ud800'])('has no name like %j', (name) => {
    expect(isKeyName(name)).toBe(false)
  })
})

describe('a signer key', () => {
  it('is the one Go writes', () => {
    const signer = parseSkey(sumdb.skey)
    expect(formatVkey(signer.key)).toBe(sumdb.vkey)
    expect(signNote(sumdb.text, [signer])).toBe(`${sumdb.text}\n${sumdb.signature}`)
  })

  it.each([sumdb.vkey, sumdb.skey.slice(0, -4), sumdb.skey.replace('c74f20a3', 'c74f20a4')])('is refused: %s', (skey) => {
    expect(() => parseSkey(skey)).toThrow(expect.objectContaining({ code: 'BAD_SKEY' }))
  })
})

describe('a note', () => {
  it('of another implementation opens', () => {
    expect(openNote(example.note, keyring([parseVkey(example.vkey)])).text).toBe('This is an example message.\n')
    expect(openNote(utf8(`${sumdb.text}\n${sumdb.signature}`), keyring([parseVkey(sumdb.vkey)])).text).toBe(sumdb.text)
  })

  it('may hold empty lines: the last one ends the text', () => {
    const note = signNote('first\n\nsecond\n\n\n', [log])
    expect(openNote(note, keyring([log.key])).text).toBe('first\n\nsecond\n\n\n')
  })

  it('ignores unknown keys, also those that share a name or an ID with a known one', () => {
    const { text, signatures } = parseNote(signNote('words\n', [log]))
    const mine = signatures[0] as (typeof signatures)[0]
    const bogus = { ...mine, signature: new Uint8Array(64) }
    const note = formatNote({ text, signatures: [{ ...bogus, name: 'log.example/x' }, { ...bogus, id: mine.id ^ 1 }, mine] })
    expect(openNote(note, keyring([log.key])).verified).toHaveLength(1)
    expect(() => openNote(note, keyring([other.key]))).toThrow(expect.objectContaining({ code: 'NO_KNOWN_SIGNATURE' }))
  })

  it('with a failing line of a known key is refused whole', () => {
    const { text, signatures } = parseNote(signNote('words\n', [log, other]))
    const [mine, theirs] = signatures as [(typeof signatures)[0], (typeof signatures)[0]]
    const note = formatNote({ text, signatures: [mine, { ...theirs, signature: theirs.signature.map((b, i) => (i === 5 ? b ^ 1 : b)) }] })
    expect(openNote(note, keyring([log.key])).verified).toHaveLength(1)
    expect(() => openNote(note, keyring([log.key, other.key]))).toThrow(expect.objectContaining({ code: 'BAD_SIGNATURE' }))
  })

  it('counts a key once, its first line', () => {
    const { text, signatures } = parseNote(signNote('words\n', [log]))
    expect(openNote(formatNote({ text, signatures: [...signatures, ...signatures] }), keyring([log.key])).verified).toHaveLength(1)
  })

  it('takes many signatures', () => {
    const signers = Array.from({ length: 200 }, (_, i) => noteSigner(`s${i}`, ed25519, seed(i)))
    expect(openNote(signNote('words\n', signers), keyring(signers.map(({ key }) => key))).verified).toHaveLength(200)
  })

  const good = signNote('words\n', [log])
  it.each([
    ['nothing', ''],
    ['no empty line', 'words\n\u2014 a AAAAAAAA\n'],
    ['no last newline', good.slice(0, -1)],
    ['no signature', 'words\n\n'],
    ['an empty line at the end', `${good}\n`],
    ['a hyphen for the dash', good.replace('\u2014', '-')],
    ['two spaces', good.replace('log.example/a ', 'log.example/a  ')],
    ['a plus in the name', good.replace('example/a', 'example+a')],
    ['a tab', good.replace('words', 'wo\trds')],
    ['a carriage return', good.replace('words\n', 'words\r\n')],
    ['a NUL', good.replace('words', 'wor\0ds')],
    ['a lone surrogate', good.replace('words', 'wor\ud800ds')],
    ['base64 without padding', good.replace(/=*\n$/, '\n')],
    ['a signature of four bytes', 'words\n\n\u2014 a AAAAAA==\n'],
    ['too many signatures', `words\n\n${'\u2014 a AAAAAAA=\n'.repeat(513)}`],
  ])('is refused: %s', (_, note) => {
    expect(() => parseNote(note)).toThrow(expect.objectContaining({ code: 'BAD_NOTE' }))
  })

  it('is refused when too large or not UTF-8', () => {
    expect(() => parseNote('x'.repeat(70_000))).toThrow(expect.objectContaining({ code: 'NOTE_TOO_LARGE' }))
    expect(() => parseNote(Uint8Array.of(0xff, 0x0a, 0x0a))).toThrow(expect.objectContaining({ code: 'BAD_NOTE' }))
  })

  it('is not stopped by a key that was made to collide with another, nor does that key gain by it', () => {
    const collider = { ...log.key, publicKey: other.key.publicKey }
    const note = signNote('words\n', [log])
    for (const keys of [
      [log.key, collider],
      [collider, log.key],
    ])
      expect(openNote(note, keyring(keys)).verified.map(({ key }) => key.publicKey)).toEqual([log.key.publicKey])
    expect(() => openNote(note, keyring([collider]))).toThrow(expect.objectContaining({ code: 'BAD_SIGNATURE' }))
  })

  it('counts one key once, also when its line was copied to another name', () => {
    const alias = noteSigner('witness.example/alias', cosignature, seed(101))
    const { text, signatures } = parseNote(signNote('words\n', [log]))
    const line = cosign(text, 5, witness(1))
    const note = formatNote({ text, signatures: [...signatures, line, { ...line, name: alias.key.name, id: alias.key.id }] })
    expect(openNote(note, keyring([witness(1).key, alias.key])).verified).toHaveLength(1)
  })
})

describe('a checkpoint', () => {
  it('reads back', () => {
    const note = signCheckpoint(7, leafHash(utf8('x')), log)
    expect(parseCheckpoint(parseNote(note).text)).toEqual({ origin: 'log.example/a', size: 7, root: leafHash(utf8('x')), extensions: [] })
  })

  const root = Buffer.from(EMPTY_ROOT).toString('base64')
  it('keeps extension lines', () => {
    expect(parseCheckpoint(`o\n0\n${root}\nmore\nstill\n`).extensions).toEqual(['more', 'still'])
  })

  it.each([
    ['two lines', 'o\n1\n'],
    ['no last newline', `o\n1\n${root}`],
    ['an empty origin', `\n1\n${root}\n`],
    ['a leading zero', `o\n01\n${root}\n`],
    ['a sign', `o\n+1\n${root}\n`],
    ['a size above 2^53', `o\n9007199254740992\n${root}\n`],
    ['hexadecimal', `o\n0x1\n${root}\n`],
    ['a short root', 'o\n1\nAAAA\n'],
    ['an empty extension', `o\n1\n${root}\n\nx\n`],
  ])('is refused: %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(expect.objectContaining({ code: 'BAD_CHECKPOINT' }))
  })
})

describe('a cosignature', () => {
  const note = signCheckpoint(7, leafHash(utf8('x')), log)
  const { text } = parseNote(note)
  const at = (n: number, time: number) => cosign(text, time, witness(n))
  const keys = [1, 2, 3, 4].map((n) => witness(n).key)

  it('carries its time and covers the whole text', () => {
    const opened = openNote(withSignatures(note, [at(1, 1_700_000_000)]), keyring(keys))
    expect(opened.verified.map(({ time }) => time)).toEqual([1_700_000_000])
    expect(() => openNote(withSignatures(note, [at(1, 5)]).replace('\n7\n', '\n8\n'), keyring(keys))).toThrow(
      expect.objectContaining({ code: 'BAD_SIGNATURE' }),
    )
  })

  it('does not hold at another time', () => {
    const line = at(1, 1_700_000_000)
    const later = { ...line, signature: line.signature.map((byte, i) => (i === 7 ? byte ^ 1 : byte)) }
    expect(() => openNote(withSignatures(note, [later]), keyring(keys))).toThrow(expect.objectContaining({ code: 'BAD_SIGNATURE' }))
  })

  it('replaces an older one of the same key', () => {
    const twice = withSignatures(withSignatures(note, [at(1, 10)]), [at(1, 20)])
    expect(openNote(twice, keyring(keys)).verified.map(({ time }) => time)).toEqual([20])
  })

  it('is the line that a witness answers', () => {
    expect(withSignatures(note, [at(1, 10)])).toBe(note + formatSignatureLine(at(1, 10)))
  })

  it('gives the note a time: the lower median over the known witnesses', () => {
    expect(lowerMedian([5])).toBe(5)
    expect(lowerMedian([9, 1, 5, 7])).toBe(5)
    expect(lowerMedian([])).toBeNull()
    const noted = withSignatures(note, [at(1, 100), at(2, 300), at(3, 200), at(9, 9_000_000)])
    expect(medianCosignatureTime(noted, keys)).toBe(200)
    expect(medianCosignatureTime(noted, keys.slice(0, 2))).toBe(100)
    expect(medianCosignatureTime(noted, [log.key])).toBeNull()
    expect(medianCosignatureTime(note, keys)).toBeNull()
  })
})
