import { randomBytes, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { FatalError, InvalidInputError, RefusedError, UsageError } from '../../core/errors/index.ts'
import { diskError, makeFolder, writeFileDurably } from '../../core/home/index.ts'
import { checkConsent, signReceipt, Tombstones } from '../../dao/consent/index.ts'
import { charterOf, committingEpoch, liveContributionOf } from '../../dao/ledger/index.ts'
import { openPoolOffering } from '../../node/index.ts'
import type { PoolNode, PoolNote, PreparedOffer, Tokens } from '../../node/pool/offering/index.ts'
import { coarserOf } from '../../schemas/activity/index.ts'
import { accountBand } from '../../schemas/export-mail/index.ts'
import {
  cborCid,
  type CID,
  encode,
  type EventRules,
  MAX_POOL_INDEX_BYTES,
  parse,
  poolIndex,
  type PoolKey,
  type PoolTerms,
  poolTermsOf,
  secondsToReveal,
} from '../../schemas/wire/index.ts'
import { type Flags, numberFlag, printable, printJson, type Run, say, terminalPrompter } from '../program/index.ts'
import {
  type DaoFacts,
  hasSeed,
  isBackedUp,
  isPrivateDao,
  isPublicMultiaddr,
  type OfferedPolicy,
  secureBytes,
  type SubjectHome,
  systemClock,
  systemEffects,
  untilStopped,
} from '../wiring/index.ts'
import { askConsent, consentText, isGpc } from './pool-consent.ts'
import { askMail, broughtMail, mailText, type OfferedMail } from './pool-mail.ts'
import { columnsOf, detectorsOf, rulesOf, sourceOf } from './pool-options.ts'
import { factsOf, type OpenPool, openPool, poolOf, poolSession } from './pool-session.ts'
import { carryThrough, faultText, sayProgress } from './pool-carry.ts'
import { remindOfBackup, sayBackup } from './seed-backup.ts'

export const run: Run = async ([where], flags) => {
  const stop = untilStopped()
  const session = await poolSession(flags)
  const facts = await factsOf(session, stop.signal)
  const policy = poolOf(facts)
  if (typeof flags['notice'] === 'string') {
    await writeFile(flags['notice'], policy.notice, { flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST')
        throw new UsageError('FILE_EXISTS', `${String(flags['notice'])} is there already; name another file`, { cause })
      throw diskError(cause, String(flags['notice']))
    })
    say(`notice  ${flags['notice']}`)
    if (where === undefined)
      return flags['json'] === true ? printJson({ notice: flags['notice'], policy: policy.cid.toString() }) : undefined
  }
  const { PoolBook, PoolNode, placeOf } = await openPoolOffering()
  // who never offered anything has no seed yet, and gets none before there is a consent
  if (!hasSeed(session.home) && where === undefined && flags['restore'] === undefined) throw noPath()
  const before = hasSeed(session.home) || flags['restore'] !== undefined ? await openPool(session, facts.ledger, flags) : undefined
  await using stack = new AsyncDisposableStack()
  if (before) stack.use(before)
  const book = before && (await PoolBook.open(before.kv))
  let note = book?.live
  const isThere = note !== undefined && placeOf(note, facts.state).stage === 'available'
  if (before && flags['backup'] === true && where === undefined && (note === undefined || isThere)) {
    await sayBackup(session.home, before.seed)
    return flags['json'] === true ? printJson({ account: before.subject.did, seedBackedUp: true }) : undefined
  }
  if (note !== undefined && isThere)
    throw new RefusedError(
      'ALREADY_OFFERED',
      `one contribution of yours is in this pool; "quern pool status" shows it, "quern pool withdraw ${note.cid.toString()}" ends it`,
    )
  const slot = before && liveContributionOf(facts.state, before.subject.did)?.manifestCid
  if (slot !== undefined && book?.all.some(({ cid }) => cid.equals(slot)) !== true)
    throw new RefusedError(
      'SLOT_TAKEN',
      `${slot.toString()} was offered with this seed from another home; "quern pool status" finds it, "quern pool withdraw" ends it, then offer another`,
    )
  let home = before
  let toSeal: Omit<ToSeal, 'tokens' | 'account'> | undefined
  if (note === undefined) {
    if (where === undefined) throw noPath()
    const offer = await preparedOf(where, flags, secureBytes(32), policy.value.rules)
    const charter = charterOf(facts.state, committingEpoch(facts.state))
    const terms = poolTermsOf(charter)
    const brought = await broughtMail(flags, {
      terms,
      hasKey: policy.key !== undefined,
      source: offer.source,
      now: Math.floor(systemClock.now() / 1000),
      untilReveal: secondsToReveal(charter),
      gpc: isGpc(flags),
      signal: stop.signal,
    })
    const agreed = await agreedOf(policy, offer, flags, stop.signal)
    const k = policy.key?.k ?? 0
    toSeal = { facts, policy, offer, agreed, mail: brought && (await agreedMail(brought, { terms, k }, flags, stop.signal)) }
    home ??= stack.use(await openPool(session, facts.ledger, flags))
  } else {
    say(`going on with ${note.cid.toString()}, which waits since it was agreed to`)
    if (flags['mail'] !== undefined || flags['showMail'] === true)
      say('quern: it stays as it was sealed, so --mail and --show-mail do nothing; for another mail, withdraw it and offer anew')
  }
  const { seed, subject, mesh, storage, files, kv } = home as OpenPool
  if (flags['backup'] === true) await sayBackup(session.home, seed)
  const seedBackedUp = await isBackedUp(session.home, seed)
  const privateNetwork = isPrivateDao(session.dao)
  const node = stack.use(
    await PoolNode.start({
      ...systemEffects,
      mesh,
      storage,
      files,
      kv,
      signer: subject,
      logger: session.log.child('pool'),
      dao: session.dao,
      mayDial: privateNetwork ? undefined : isPublicMultiaddr,
      signal: stop.signal,
      onProgress: sayProgress,
    }),
  )
  if (toSeal !== undefined) {
    const tokens = await tokensOf(node, toSeal, stop.signal)
    note = await sealed(home as SubjectHome, node, { ...toSeal, ...tokens, ...(flags['veto'] === true && { ownerSeed: seed }) })
    node.wake()
  }
  const known = { cid: (note as PoolNote).cid.toString(), tokens: tokensIn(files, note as PoolNote), seedBackedUp }
  try {
    return await carryThrough(node, known, flags, stop.signal)
  } finally {
    remindOfBackup(session.home, seedBackedUp)
  }
}

const noPath = (): UsageError =>
  new UsageError('PATH_MISSING', 'which export? give its zip, folder or file; "quern pool preview" tries it without sending anything')

async function preparedOf(where: string, flags: Flags, key: Uint8Array, rules: EventRules | undefined): Promise<PreparedOffer> {
  const text = (name: string): string | undefined => (typeof flags[name] === 'string' ? flags[name] : undefined)
  const dates = text('dates')
  if (dates !== undefined && dates !== 'dmy' && dates !== 'mdy') throw new UsageError('BAD_FLAG', '--dates takes dmy or mdy')
  const { prepareOffer } = await openPoolOffering()
  const offer = await prepareOffer(where, {
    rules: coarserOf(await rulesOf(flags), rules),
    detectors: await detectorsOf(flags),
    only: sourceOf(flags),
    answers: { self: text('self'), profile: text('profile'), dates, columns: columnsOf(flags) },
    key,
    nowMs: systemClock.now(),
  })
  for (const { code, message } of offer.warnings) say(`quern: ${printable(message)} [${code}]`)
  return offer
}

/** Shows everything, then asks. Throws what the person did not agree to. */
async function agreedOf(policy: OfferedPolicy, offer: PreparedOffer, flags: Flags, signal: AbortSignal) {
  const { checkChoices } = await openPoolOffering()
  const days = flags['days'] === undefined ? undefined : numberFlag(flags, 'days', 0)
  const gpc = isGpc(flags)
  // what the pool does not take is said before anybody is asked
  const all = policy.value.purposes.filter(({ optional }) => !optional).map(({ id }) => id)
  checkChoices(policy.value, { purposes: all, adult: true, gpc: false, days }, offer.categories)
  say(consentText(policy.value, policy.notice, offer, { days: days ?? policy.value.retention.maxDays, veto: flags['veto'] === true }))
  const said = await askConsent(policy.value, flags, terminalPrompter(signal), gpc)
  return { ticked: checkChoices(policy.value, { ...said, gpc, days }, offer.categories), gpc }
}

/** The mail, where its owner agrees to its being read as well. */
async function agreedMail(
  mail: OfferedMail,
  { terms, k }: { terms: PoolTerms; k: number },
  flags: Flags,
  signal: AbortSignal,
): Promise<OfferedMail | undefined> {
  say(mailText(mail, terms, k))
  if (await askMail(flags, terminalPrompter(signal))) return mail
  say('the mail stays on this machine; the offer goes on without it')
}

/** Asked for by people who agreed, before anything is sealed. Without them the offer goes on, and says so. */
async function tokensOf(
  node: PoolNode,
  { policy: { key }, offer, mail }: Omit<ToSeal, 'tokens' | 'account'>,
  signal: AbortSignal,
): Promise<Pick<ToSeal, 'tokens' | 'account'>> {
  const { bandsOfLines } = await openPoolOffering()
  const asked = (bands: Uint8Array[], of: PoolKey): Promise<Tokens> =>
    node.tokensFor(of, bands).catch((error: unknown): Tokens => {
      if (!signal.aborted) throw error
      throw new FatalError('STOPPED', 'stopped before anything was sealed; nothing was offered')
    })
  const without = (why: string): Pick<ToSeal, 'tokens' | 'account'> => {
    say(`quern: ${why}; the offer goes on without the pool's tokens and counts less, because nobody can tell whether it was here before`)
    return { tokens: undefined, account: undefined }
  }
  if (key === undefined) return without('this pool has no key for tokens')
  const { tokens, faults } = await asked(bandsOfLines(offer.lines), key)
  // by itself: a request has room for the bands of one contribution
  const [account] = mail ? (await asked([accountBand(mail.account)], key)).tokens : []
  if (mail && account === undefined)
    say(`quern: fewer than ${key.k} keyholders gave their part of the account's token; the offer goes on without the mail`)
  if (tokens.length > 0) return { tokens: { key: cborCid(encode(key)), values: tokens }, account }
  return { ...without(`fewer than ${key.k} keyholders gave their part of the tokens (${printable(faultText(faults))})`), account }
}

/** How many tokens the index of a contribution has. */
function tokensIn(files: SubjectHome['files'], { manifest }: PoolNote): number {
  const bytes = files.read(manifest.index)
  return bytes === undefined ? 0 : parse(poolIndex, bytes, MAX_POOL_INDEX_BYTES).tokens.length
}

interface ToSeal {
  facts: Pick<DaoFacts, 'ledger' | 'state'>
  policy: OfferedPolicy
  offer: PreparedOffer
  agreed: Awaited<ReturnType<typeof agreedOf>>
  /** Undefined where there is none, or its owner keeps it. */
  mail: OfferedMail | undefined
  tokens: { key: CID; values: readonly Uint8Array[] } | undefined
  /** Token of the account that the mail went to. */
  account: Uint8Array | undefined
  /** Under the owner's veto. */
  ownerSeed?: Uint8Array
}

/** Sealed, signed and on disk when it resolves: from here on a stop loses nothing. */
async function sealed(
  home: SubjectHome,
  { book }: PoolNode,
  { facts, policy, offer, agreed, mail, tokens, account, ownerSeed }: ToSeal,
): Promise<PoolNote> {
  const { sealContribution, receiptOf, pinContribution } = await openPoolOffering()
  const { lines, from, to, categories, source, othersRemoved } = offer
  const made = sealContribution({
    lines,
    dao: facts.ledger,
    subject: home.subject.did,
    policy: { cid: policy.cid, value: policy.value },
    schema: 'activity@1',
    parser: offer.parser,
    from,
    to,
    ...(tokens && { tokens }),
    ...(mail && account && policy.key && { mail: { bytes: mail.bytes, account, key: cborCid(encode(policy.key)) } }),
    ...(ownerSeed && { ownerSeed }),
    measures: poolTermsOf(charterOf(facts.state, committingEpoch(facts.state))).measures,
    // the log may know of more than this home does, where the seed was restored
    sequence: Math.max(book.all.length, facts.state.contributors.get(home.subject.did)?.nextSequence ?? 0),
    prev: book.all.at(-1)?.cid ?? null,
  })
  const now = Math.floor(systemClock.now() / 1000)
  const { manifest, cid } = made
  const receipt = signReceipt(
    receiptOf({ policy, manifest, cid, ...agreed, categories, source, othersRemoved, id: randomUUID(), now }),
    home.subject,
  )
  const verdict = checkConsent({
    jws: receipt,
    salt: made.salt,
    dao: facts.ledger,
    operator: facts.state.operator,
    policy: { cid: policy.cid, value: policy.value },
    manifest,
    notice: policy.notice,
    held: categories,
    tombstones: new Tombstones(),
    now,
  })
  if (!verdict.ok) throw new InvalidInputError(verdict.code, verdict.message)
  await pinContribution(home.storage, made, policy)
  await home.files.write(manifest.index, encode(made.index))
  const receipts = path.join(home.folder, 'receipts')
  await makeFolder(receipts)
  await writeFileDurably(path.join(receipts, `${cid.toString()}.jws`), receipt)
  return book.add({
    manifest,
    salt: made.salt,
    commitSalt: new Uint8Array(randomBytes(32)),
    receipts: [receipt],
    committee: policy.value.committee,
    shares: made.shares,
    commitments: made.commitments,
    counts: made.counts,
    source,
    at: now,
  })
}
