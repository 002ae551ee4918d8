/**
 * age files (age-encryption.org/v1) as Quern uses them. One kind of recipient per file: a file that an X25519 key opens beside a hybrid one is
 * no more post-quantum than X25519, whatever its other stanzas say, so mixes are neither written nor read.
 */
import { InvalidInputError, QuernError, RejectedMessageError } from '../../core/errors/index.ts'
import { concatBytes } from '../../schemas/wire/index.ts'

const load = () => import('age-encryption')
const isHybrid = (recipient: string): boolean => recipient.startsWith('age1pq1')
const MAX_HEADER_BYTES = 256 << 10

export interface AgeIdentity {
  /** `AGE-SECRET-KEY-PQ-1…` */
  secret: string
  /** `age1pq1…` */
  recipient: string
}

/** A new hybrid (ML-KEM-768 with X25519) identity. */
export async function generateAgeIdentity(): Promise<AgeIdentity> {
  const { generateHybridIdentity, identityToRecipient } = await load()
  const secret = await generateHybridIdentity()
  return { secret, recipient: await identityToRecipient(secret) }
}

/** Seals to every recipient. Throws InvalidInputError MIXED_RECIPIENTS or BAD_RECIPIENT. */
export async function sealToRecipients(bytes: Uint8Array, recipients: readonly string[]): Promise<Uint8Array> {
  if (recipients.length === 0) throw new InvalidInputError('BAD_RECIPIENT', 'name at least one recipient')
  if (new Set(recipients.map(isHybrid)).size > 1)
    throw new InvalidInputError('MIXED_RECIPIENTS', 'hybrid and X25519 recipients in one file: seal two files, or drop the X25519 ones')
  const { Encrypter } = await load()
  const encrypter = new Encrypter()
  try {
    for (const recipient of recipients) encrypter.addRecipient(recipient)
  } catch (cause) {
    throw new InvalidInputError('BAD_RECIPIENT', 'not an age recipient', { cause })
  }
  return encrypter.encrypt(bytes)
}

/** Opens with whichever identity fits. Throws RejectedMessageError AGE_UNREADABLE or MIXED_RECIPIENTS. */
export function openWithIdentities(file: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  return opened(file, (decrypter) => identities.forEach((one) => decrypter.addIdentity(one)))
}

/** The same for what is too large for memory, to one hybrid recipient: pieces in, pieces of the age file out. Throws InvalidInputError BAD_RECIPIENT. */
export async function* sealStream(pieces: AsyncIterable<Uint8Array>, recipient: string): AsyncGenerator<Uint8Array> {
  if (!isHybrid(recipient)) throw new InvalidInputError('BAD_RECIPIENT', 'a release is sealed to a hybrid recipient, age1pq1…')
  const { Encrypter } = await load()
  const encrypter = new Encrypter()
  try {
    encrypter.addRecipient(recipient)
  } catch (cause) {
    throw new InvalidInputError('BAD_RECIPIENT', 'not an age recipient', { cause })
  }
  yield* await encrypter.encrypt(ReadableStream.from<Uint8Array>(pieces))
}

/** Opens one as it comes. Throws RejectedMessageError AGE_UNREADABLE or MIXED_RECIPIENTS; what came before a fault was good. */
export async function* openStream(pieces: AsyncIterable<Uint8Array>, identities: readonly string[]): AsyncGenerator<Uint8Array> {
  const { Decrypter } = await load()
  const decrypter = new Decrypter()
  const file = await withHeaderLookedAt(pieces)
  try {
    identities.forEach((one) => decrypter.addIdentity(one))
    yield* await decrypter.decrypt(ReadableStream.from<Uint8Array>(file))
  } catch (cause) {
    throw cause instanceof QuernError ? cause : new RejectedMessageError('AGE_UNREADABLE', 'no age file for this key', { cause })
  }
}

/** The pieces again, after enough of them were read to know the stanzas. */
async function withHeaderLookedAt(pieces: AsyncIterable<Uint8Array>): Promise<AsyncGenerator<Uint8Array>> {
  const rest = pieces[Symbol.asyncIterator]()
  let head: Uint8Array = new Uint8Array()
  let ended = false
  while (!ended && head.byteLength < MAX_HEADER_BYTES && !Buffer.from(head).includes('\n--- ')) {
    const next = await rest.next()
    if (next.done === true) ended = true
    else head = concatBytes(head, next.value)
  }
  refuseMixes(head)
  return (async function* () {
    yield head
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
  })()
}

/** For what a person keeps: scrypt with 2^`workFactor` (18 unless said). */
export async function sealWithPassphrase(bytes: Uint8Array, passphrase: string, workFactor?: number): Promise<Uint8Array> {
  const { Encrypter } = await load()
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  if (workFactor !== undefined) encrypter.setScryptWorkFactor(workFactor)
  return encrypter.encrypt(bytes)
}

/** Throws RejectedMessageError AGE_UNREADABLE: another passphrase, or no age file. */
export function openWithPassphrase(file: Uint8Array, passphrase: string): Promise<Uint8Array> {
  return opened(file, (decrypter) => decrypter.addPassphrase(passphrase))
}

/** The bytes inside ASCII armor. Throws RejectedMessageError AGE_UNREADABLE. */
export async function unarmored(text: string): Promise<Uint8Array> {
  const { armor } = await load()
  return refusing(() => armor.decode(text))
}

async function opened(
  file: Uint8Array,
  key: (decrypter: InstanceType<Awaited<ReturnType<typeof load>>['Decrypter']>) => void,
): Promise<Uint8Array> {
  refuseMixes(file)
  const { Decrypter } = await load()
  const decrypter = new Decrypter()
  key(decrypter)
  return refusing(() => decrypter.decrypt(file))
}

/** The stanzas stand in the clear before the line `---`; what only looks like one fails at the header's MAC later. */
function refuseMixes(file: Uint8Array): void {
  const text = Buffer.from(file.buffer, file.byteOffset, Math.min(file.byteLength, MAX_HEADER_BYTES)).toString('latin1')
  const end = text.indexOf('\n--- ')
  const types = new Set(
    [...text.slice(0, end < 0 ? text.length : end).matchAll(/^-> (mlkem768x25519|X25519)(?= |$)/gm)].map(([, type]) => type),
  )
  if (types.size > 1)
    throw new RejectedMessageError('MIXED_RECIPIENTS', 'the file is sealed to hybrid and X25519 keys at once; ask for one that is not')
}

async function refusing(open: () => Uint8Array | Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await open()
  } catch (cause) {
    throw new RejectedMessageError('AGE_UNREADABLE', 'no age file for this key', { cause })
  }
}
