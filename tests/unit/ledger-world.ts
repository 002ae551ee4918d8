/** A ledger with real signatures, real notes and real sealed batches in memory: what tests of the fold play their scenes on. */
import { signEntry, signObject } from '../../core/envelope/index.ts'
import { keyFromSeed, type Signer } from '../../core/identity/index.ts'
import {
  type Applied,
  auditBytes,
  createLedger,
  drawsFor,
  epochTable,
  type Ledger,
  phaseOf,
  sequencerOf,
  termRules,
} from '../../dao/ledger/index.ts'
import {
  certifyTakeover,
  cosign,
  formatVkey,
  logOrigin,
  logSigner,
  logVkey,
  MemoryLogStore,
  type NoteSigner,
  noteSigner,
  openReplica,
  rosterHash,
  SIGNATURE_TYPES,
  signCheckpoint,
  withSignatures,
} from '../../dao/log/index.ts'
import { sealBatch, type SealedBatch } from '../../node/seal/index.ts'
import { type PageSpec, pageBatch } from './page-batch.ts'
import { gzipMember } from '../../schemas/evidence/index.ts'
import {
  charter as charterShape,
  type Charter,
  type CharterInput,
  type Check,
  type CID,
  cborCid,
  commitHash,
  type DrawResult,
  encode,
  type EntryType,
  fileCid,
  ledgerIdOf,
  type Payload,
  type Phase,
  rawCid,
  reportHash,
  sha256,
  u32,
  utf8,
  type ValidatorStatement,
} from '../../schemas/wire/index.ts'

export const seeded = (name: string): Signer => keyFromSeed(sha256(utf8(name)))
const CHAIN = 64

export class Files {
  readonly map = new Map<string, Uint8Array>()
  read(cid: CID): Uint8Array | undefined {
    return this.map.get(cid.toString())
  }
  put(cid: CID, bytes: Uint8Array): CID {
    this.map.set(cid.toString(), bytes)
    return cid
  }
}

/** link(chain, 0) is the tip; each epoch opens the next. */
const link = (name: string, i: number): Uint8Array => {
  let hash = sha256(utf8(name))
  for (let k = CHAIN; k > i; k--) hash = sha256(hash)
  return hash
}

export interface TestValidator {
  name: string
  signer: Signer
  witness: NoteSigner
  audit: Signer
  statement: ValidatorStatement
  opened: { beacon: number; sample: number }
}

/** One record of a test batch: the text decides digest and sketch, so that equal texts are duplicates. */
export interface TestRecord {
  text: string
  host?: string
  tokens?: number
  language?: string
  quality?: number
}

export interface WorldOptions {
  validators?: number
  contributors?: string[]
  charter?: Partial<CharterInput>
  light?: boolean
  /** Files that the genesis charter names. */
  files?: readonly [CID, Uint8Array][]
}

export const LOCAL_RULES = {
  validators: { admission: 'open', independence: 'none', minimum: 0 },
  contributors: { quota: null },
  epoch: Object.fromEntries([
    ...['gather', 'reveal', 'beacon', 'test', 'report', 'probe', 'close'].map((phase) => [phase, { minSeconds: 0, maxSeconds: 3600 }]),
    ['leases', 'none'],
  ]) as CharterInput['epoch'],
  vestingEpochs: 0,
  replicas: 1,
  value: { hostContributors: 0, hostEpochs: 0, minTokens: 1 },
} satisfies Partial<CharterInput>

/** A draw's failing check, null for a pass, or that it was left out. */
export type Said = Check | 'left-out' | null

export class LedgerWorld {
  readonly files = new Files()
  readonly entries: Uint8Array[] = []
  readonly operator = seeded('operator')
  readonly logKey = seeded('log')
  readonly charter: Charter
  readonly charterCid: CID
  readonly id: string
  ledger: Ledger
  /** Who states phases and closes. */
  runner = this.operator
  /** Logs of the terms before, whole. */
  readonly oldLogs: { entries: Uint8Array[]; note: string }[] = []
  readonly validators: TestValidator[] = []
  readonly contributors: Signer[] = []
  /** Unix seconds; every note is cosigned at this time. */
  now = 1_800_000_000
  readonly #sequences = new Map<string, { next: number; prev: CID | null }>()

  constructor({ validators = 4, contributors = ['ann', 'bob', 'cyd'], charter = {}, light = false, files = [] }: WorldOptions = {}) {
    this.charter = charterShape.parse({
      v: 1,
      name: 'test',
      operator: this.operator.did,
      contact: 'mailto:someone@example.org',
      purposes: ['testing'],
      ...LOCAL_RULES,
      ...charter,
    })
    for (const [cid, content] of files) this.files.put(cid, content)
    const bytes = encode(this.charter)
    this.charterCid = this.files.put(cborCid(bytes), bytes)
    this.id = ledgerIdOf(this.charterCid)
    this.ledger = createLedger({ files: this.files, light })
    this.ok(this.operator, 'genesis', { charter: this.charterCid, log: logVkey(this.id, 0, this.logKey.publicKey) })
    for (let i = 0; i < validators; i++) this.validators.push(this.validator(`validator-${i}`))
    if (validators > 0) this.ok(this.operator, 'roster', { add: this.validators.map((v) => v.statement), remove: [] })
    for (const name of contributors) {
      const signer = seeded(name)
      this.contributors.push(signer)
      this.ok(signer, 'contributor.join', { contact: null })
    }
  }

  get state() {
    return this.ledger.state
  }

  validator(name: string, operator = name): TestValidator {
    const signer = seeded(name)
    const witness = noteSigner(`${this.id}/witness/${name}`, SIGNATURE_TYPES.cosignature, seeded(`${name}/witness`))
    const audit = seeded(`${name}/audit`)
    const vkeyOf = (role: string, type: 1 | 4) => formatVkey(noteSigner(`${this.id}/${role}/${name}`, type, seeded(`${name}/${role}`)).key)
    const statement = signObject(
      'validator',
      {
        v: 1 as const,
        ledger: this.id,
        validator: signer.did,
        operator,
        asn: null,
        witness: formatVkey(witness.key),
        mirror: vkeyOf('mirror', 4),
        audit: vkeyOf('audit', 1),
        beaconTip: link(`${name}/beacon`, 0),
        sampleTip: link(`${name}/sample`, 0),
        chainLength: CHAIN,
      },
      signer,
    )
    return { name, signer, witness, audit, statement, opened: { beacon: 0, sample: 0 } }
  }

  bytes<T extends EntryType>(signer: Signer, t: T, p: Payload<T>, n = this.state.authors.get(signer.did) ?? 0): Uint8Array {
    return signEntry({ t, p, n } as Parameters<typeof signEntry>[0], this.id, signer)
  }

  /** Applies an entry, legal or not. */
  say<T extends EntryType>(signer: Signer, t: T, p: Payload<T>): Applied {
    return this.apply(this.bytes(signer, t, p))
  }

  apply(bytes: Uint8Array): Applied {
    const applied = this.ledger.apply(bytes)
    this.entries.push(bytes)
    return applied
  }

  /** Applies an entry that must be legal. */
  ok<T extends EntryType>(signer: Signer, t: T, p: Payload<T>): number {
    const { index, invalid } = this.say(signer, t, p)
    if (invalid) throw new Error(`${t} at ${index}: ${invalid.code} ${invalid.message}`)
    return index
  }

  /** The running term's log as files, under a cosigned checkpoint; or an earlier one's. */
  async store(term = this.state.term): Promise<MemoryLogStore> {
    const { entries, note } = this.oldLogs[term] ?? { entries: this.entries.slice(this.state.termStart), note: this.note() }
    const store = new MemoryLogStore()
    const replica = await openReplica(store, logOrigin(this.id, term))
    await replica.extend({ note, from: 0, entries })
    return store
  }

  get logSigner(): NoteSigner {
    const { term } = this.state
    return logSigner(this.id, term, term === 0 ? this.logKey : seeded(`log-t${term}`))
  }

  /**
   * The validators take the log over after its first `size` entries: the history goes back to there, and the next term begins with the
   * certificate of all who vote.
   */
  takeOver(size: number, voters: TestValidator[] = this.validators): Applied {
    this.oldLogs.push({ entries: this.entries.slice(this.state.termStart), note: this.note() })
    const note = this.note({ size })
    const end = { size, root: this.state.termTree.rootAt(size) as Uint8Array }
    const kept = this.entries.slice(0, this.state.termStart + size)
    this.entries.length = 0
    this.ledger = createLedger({ files: this.files })
    for (const entry of kept) this.apply(entry)
    const rules = termRules(this.state)
    const votes = voters.map(({ signer }) =>
      signObject(
        'term-vote',
        { v: 1 as const, ledger: this.id, term: rules.term, ...end, roster: rosterHash(this.id, rules.roster), by: signer.did },
        signer,
      ),
    )
    const next = this.validators.find((validator) => validator.signer.did === sequencerOf(this.state, rules.term)) as TestValidator
    this.runner = next.signer
    const log = logVkey(this.id, rules.term, seeded(`log-t${rules.term}`).publicKey)
    return this.say(next.signer, 'takeover', { term: rules.term, log, certificate: certifyTakeover(rules, votes, [note]) })
  }

  /** A checkpoint of `size` entries, cosigned by these validators. */
  note({
    size = this.state.termTree.size,
    by = this.validators,
    at = this.now,
  }: {
    size?: number
    by?: TestValidator[]
    at?: number
  } = {}): string {
    const root = this.state.termTree.rootAt(size)
    if (!root) throw new Error(`no root of size ${size}`)
    const note = signCheckpoint(size, root, this.logSigner)
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1)
    return withSignatures(
      note,
      by.map((validator) => cosign(text, at, validator.witness)),
    )
  }

  /** A note in which validator i cosigned at `times[i]`. */
  noteAt(times: number[]): string {
    const note = this.note({ by: [] })
    const text = note.slice(0, note.lastIndexOf('\n\n') + 1)
    return withSignatures(
      note,
      times.map((time, i) => cosign(text, time, (this.validators[i] as TestValidator).witness)),
    )
  }

  /** Ends the running phase, which must be legal. */
  advance(to?: Phase): number {
    const { next } = phaseOf(this.state)
    if (to && next.phase !== to) throw new Error(`the next phase is ${next.phase}`)
    this.now += 60
    return this.ok(this.runner, 'epoch.phase', { ...next, note: this.validators.length > 0 ? this.note() : '' })
  }

  advanceTo(phase: Phase): void {
    while (this.state.epoch?.phase !== phase) this.advance()
  }

  batch(
    signer: Signer,
    records: TestRecord[],
    { salt = sha256(utf8(`salt/${signer.did}/${this.state.size}`)) } = {},
  ): { sealed: SealedBatch; salt: Uint8Array } {
    const at = this.#sequences.get(signer.did) ?? { next: 0, prev: null }
    const sealed = sealTestBatch({
      ledger: this.id,
      contributor: signer.did,
      sequence: at.next,
      prev: at.prev,
      salt,
      records,
      at: this.now,
    })
    return this.keep(signer, sealed, salt)
  }

  private keep(signer: Signer, sealed: SealedBatch, salt: Uint8Array): { sealed: SealedBatch; salt: Uint8Array } {
    this.#sequences.set(signer.did, { next: sealed.manifest.sequence + 1, prev: sealed.manifestCid })
    this.files.put(sealed.manifestCid, sealed.manifestBytes)
    this.files.put(fileCid(sealed.indexBytes), sealed.indexBytes)
    this.files.put(fileCid(sealed.sketches), sealed.sketches)
    return { sealed, salt }
  }

  commit(signer: Signer, records: TestRecord[]): { sealed: SealedBatch; salt: Uint8Array; index: number } {
    return this.commitBatch(signer, this.batch(signer, records))
  }

  /** A batch of web pages with real evidence. */
  pages(signer: Signer, pages: PageSpec[]): { sealed: SealedBatch; salt: Uint8Array } {
    const salt = sha256(utf8(`salt/${signer.did}/${this.state.size}`))
    const at = this.#sequences.get(signer.did) ?? { next: 0, prev: null }
    return this.keep(signer, pageBatch({ ledger: this.id, contributor: signer.did, salt, sequence: at.next, prev: at.prev, pages }), salt)
  }

  commitBatch(
    signer: Signer,
    { sealed, salt }: { sealed: SealedBatch; salt: Uint8Array },
  ): { sealed: SealedBatch; salt: Uint8Array; index: number } {
    const hash = commitHash(sealed.manifestCid, salt, signer.did)
    const epoch = this.state.epoch?.phase === 'gather' ? this.state.epoch.number : (this.state.epoch?.number ?? 0) + 1
    return { sealed, salt, index: this.ok(signer, 'contribution.commit', { epoch, hash }) }
  }

  reveal(signer: Signer, committed: { sealed: SealedBatch; salt: Uint8Array; index: number }): number {
    const { sealed, salt, index } = committed
    return this.ok(signer, 'contribution.reveal', {
      epoch: this.state.epoch?.number ?? 0,
      commit: index,
      manifest: sealed.manifestCid,
      salt,
    })
  }

  available(validator: TestValidator, manifests: CID[]): number {
    return this.ok(validator.signer, 'contribution.available', { epoch: this.state.epoch?.number ?? 0, manifests })
  }

  openBeacon(validator: TestValidator): number {
    const preimage = link(`${validator.name}/beacon`, ++validator.opened.beacon)
    return this.ok(validator.signer, 'beacon.reveal', { epoch: this.state.epoch?.number ?? 0, preimage })
  }

  samplePreimage(validator: TestValidator): Uint8Array {
    return link(`${validator.name}/sample`, validator.opened.sample + 1)
  }

  /** The report that `judge` makes of the validator's draws. */
  report(
    validator: TestValidator,
    judge: (contributor: string, manifest: CID, row: number) => Said,
    attests: (manifest: CID) => boolean = () => false,
  ): { cid: CID; bytes: Uint8Array; salt: Uint8Array } {
    const draws = drawsFor(this.state, validator.signer.did, this.samplePreimage(validator))
    const contributions = draws.map(({ contributor, picks }) => {
      const attested = [...new Map(picks.map(({ manifest }) => [manifest.toString(), manifest])).values()].filter(attests)
      return {
        contributor,
        results: picks.map(({ manifest, row }): DrawResult => {
          const said = judge(contributor, manifest, row)
          if (said === 'left-out') return { manifest, row, pass: null, check: null, evidence: null }
          return { manifest, row, pass: said === null, check: said, evidence: null }
        }),
        ...(attested.length > 0 && { attested }),
      }
    })
    const bytes = encode({ v: 1, epoch: this.state.epoch?.number ?? 0, validator: validator.signer.did, contributions })
    return { cid: this.files.put(cborCid(bytes), bytes), bytes, salt: sha256(utf8(`report/${validator.name}`), bytes) }
  }

  commitReport(validator: TestValidator, { cid, salt }: { cid: CID; salt: Uint8Array }): number {
    const hash = reportHash(cid, salt, validator.signer.did)
    return this.ok(validator.signer, 'report.commit', { epoch: this.state.epoch?.number ?? 0, hash })
  }

  revealReport(validator: TestValidator, { cid, salt, index }: { cid: CID; salt: Uint8Array; index: number }): Applied {
    const preimage = this.samplePreimage(validator)
    validator.opened.sample++
    return this.say(validator.signer, 'report.reveal', { epoch: this.state.epoch?.number ?? 0, commit: index, report: cid, salt, preimage })
  }

  close(): number {
    const table = epochTable(this.state)
    this.files.put(table.cid, table.bytes)
    return this.ok(this.runner, 'epoch.close', {
      epoch: table.epoch,
      cut: table.cut,
      root: table.root,
      table: table.cid,
      rules: table.rules,
    })
  }

  attest(validator: TestValidator, epoch = this.state.epoch?.number ?? 0): number {
    const root = this.state.results.find((result) => result.epoch === epoch)?.root ?? new Uint8Array(32)
    return this.ok(validator.signer, 'epoch.attest', { epoch, root, audit: validator.audit.sign(auditBytes(this.id, epoch, root)) })
  }

  /** A whole epoch of honest people; `records` per contributor, in commit order. */
  playEpoch(
    work: [signer: Signer, records: TestRecord[]][],
    {
      judge = () => null,
      silent = [],
    }: {
      judge?: (validator: TestValidator, contributor: string, manifest: CID, row: number) => Said
      silent?: TestValidator[]
    } = {},
  ): CID[] {
    this.advanceTo('gather')
    const committed = work.map(([signer, records]) => ({ signer, ...this.commit(signer, records) }))
    this.advance('reveal')
    for (const one of committed) this.reveal(one.signer, one)
    const manifests = committed.map((one) => one.sealed.manifestCid)
    const seated = this.validators.filter(({ signer }) => this.state.validators.get(signer.did)?.active)
    if (manifests.length > 0) for (const validator of seated) this.available(validator, manifests)
    this.testAndClose({ judge, silent })
    return manifests
  }

  /** An epoch in which nobody contributes, up to the close phase. */
  playEpochWithoutClose(): void {
    for (const phase of ['gather', 'reveal', 'beacon'] as const) this.advance(phase)
    for (const validator of this.validators) this.openBeacon(validator)
    for (const phase of ['test', 'report', 'probe', 'close'] as const) this.advance(phase)
  }

  /** From the end of the reveals to a final close. */
  testAndClose({
    judge = () => null,
    attests = () => false,
    silent = [],
  }: {
    judge?: (validator: TestValidator, contributor: string, manifest: CID, row: number) => Said
    /** Whether a validator finds that a contribution's mail attests it. */
    attests?: (validator: TestValidator, manifest: CID) => boolean
    silent?: TestValidator[]
  } = {}): void {
    const speaking = this.validators.filter((validator) => !silent.includes(validator))
    this.advance('beacon')
    for (const validator of speaking) this.openBeacon(validator)
    this.advance('test')
    const reports = speaking.map((validator) => {
      const report = this.report(
        validator,
        (contributor, manifest, row) => judge(validator, contributor, manifest, row),
        (manifest) => attests(validator, manifest),
      )
      return { validator, ...report, index: this.commitReport(validator, report) }
    })
    this.advance('report')
    for (const report of reports) this.revealReport(report.validator, report)
    this.advance('probe')
    this.advance('close')
    this.close()
    for (const validator of speaking) this.attest(validator)
  }
}

export function sealTestBatch(input: {
  ledger: string
  contributor: string
  sequence: number
  prev: CID | null
  salt: Uint8Array
  records: TestRecord[]
  at: number
}): SealedBatch {
  const { records, at, ...header } = input
  return sealBatch({
    ...header,
    schema: 'web-page@1',
    pipeline: 'web-page@1/1',
    from: at,
    to: at,
    groups: records.map(({ text }) => [gzipMember(utf8(`evidence of ${text}`))]),
    records: records.map(({ text, host = 'example.org', tokens = 100, language = 'en', quality = 1_000_000 }, i) => ({
      record: utf8(JSON.stringify({ text })),
      host,
      language,
      tokens,
      quality,
      contentDigest: sha256(utf8(text)),
      sketch: testSketch(text),
      evidenceGroup: i,
      robotsGroup: null,
    })),
  })
}

/** 128 lanes that two different texts share by accident only. */
export function testSketch(text: string): Uint8Array {
  const out = new Uint8Array(512)
  for (let block = 0; block < 16; block++) out.set(sha256(utf8(text), u32(block)), block * 32)
  return out
}

export const pages = (prefix: string, count: number, more: Partial<TestRecord> = {}): TestRecord[] =>
  Array.from({ length: count }, (_, i) => ({ text: `${prefix} page ${i}`, host: `${prefix}-${i}.example`, ...more }))

export const anyCid = (text: string): CID => rawCid(utf8(text))
