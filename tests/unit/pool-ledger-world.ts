/** The ledger of a DAO with a personal pool: policies, contributions and withdrawals with real signatures, for tests of the fold. */
import { printNotice, signWithdrawal, subjectKey } from '../../dao/consent/index.ts'
import { signPolicy } from '../../dao/consent/index.ts'
import type { Signer } from '../../core/identity/index.ts'
import {
  cborCid,
  type CharterInput,
  type CID,
  commitHash,
  encode,
  type PoolIndex,
  type PoolIndexRow,
  type PoolManifest,
  rawCid,
  sha256,
  utf8,
  type Withdrawal,
} from '../../schemas/wire/index.ts'
import { draftPolicy } from '../support/pool-world.ts'
import { LedgerWorld, seeded, type WorldOptions } from './ledger-world.ts'

export interface Contributed {
  signer: Signer
  cid: CID
  manifest: PoolManifest
  index: PoolIndex
  salt: Uint8Array
  commit: number
}

const validators = 5
const keyholders = Array.from({ length: validators }, (_, i) => seeded(`validator-${i}`).did)
export const policy = signPolicy(draftPolicy(keyholders), seeded('operator'))

/** Stands for the pool's key, which the ledger never looks into. */
const poolKeyCid = cborCid(utf8('pool key'))

/** Sixteen tokens that two different words never share. */
export const tokensOf = (word: string): Uint8Array[] => Array.from({ length: 16 }, (_, i) => sha256(utf8(`${word}/${i}`)))
export const chunk = (changes: Partial<PoolIndexRow> = {}): PoolIndexRow => ({
  events: 10,
  tokens: 100,
  quality: 1_000_000,
  language: 'en',
  source: 'spotify',
  month: '2025-03',
  ...changes,
})

export class PoolLedgerWorld extends LedgerWorld {
  readonly #newest = new Map<string, CID>()

  constructor({ charter = {}, ...options }: WorldOptions & { charter?: Partial<CharterInput> } = {}) {
    const files: [CID, Uint8Array][] = [
      [policy.cid, policy.bytes],
      [policy.policy.notice.cid, utf8(printNotice(policy.policy))],
    ]
    super({ validators, ...options, files, charter: { consent: policy.cid, pool: { unattestedPpm: 1_000_000 }, ...charter } })
  }

  /** A person's account here, joined. */
  person(name: string): Signer {
    const signer = subjectKey(sha256(utf8(name)), this.id)
    this.ok(signer, 'contributor.join', { contact: null, subject: true })
    return signer
  }

  /** Commits to a contribution of these chunks; `change` spoils the manifest. */
  offer(
    signer: Signer,
    {
      rows = [chunk()],
      tokens = [],
      account,
      index: other = {},
    }: Partial<Pick<PoolIndex, 'rows' | 'tokens' | 'account'>> & {
      index?: Partial<PoolIndex>
    } = {},
    change: Partial<PoolManifest> = {},
  ): Contributed {
    const key = tokens.length > 0 || account !== undefined ? poolKeyCid : null
    const index: PoolIndex = { v: 1, measures: 'activity@1/1', rows, tokens, ...(account && { account }), key, ...other }
    const at = this.state.contributors.get(signer.did)
    const manifest: PoolManifest = {
      v: 1,
      dao: this.id,
      subject: signer.did,
      policy: policy.cid,
      schema: 'activity@1',
      chunks: rows.map((_, i) => rawCid(utf8(`${signer.did}/${this.state.size}/${i}`))),
      ...(account !== undefined && { mail: rawCid(utf8(`${signer.did}/${this.state.size}/mail`)) }),
      index: this.files.put(cborCid(encode(index)), encode(index)),
      records: rows.reduce((sum, { events }) => sum + events, 0),
      from: '2025-01',
      to: '2025-12',
      custody: 'committee',
      keyCommit: sha256(utf8(signer.did)),
      sequence: at?.nextSequence ?? 0,
      prev: null,
      ...change,
    }
    const cid = this.files.put(cborCid(encode(manifest)), encode(manifest))
    this.#newest.set(signer.did, cid)
    const salt = sha256(utf8('salt'), cid.bytes)
    const epoch = this.state.epoch?.phase === 'gather' ? this.state.epoch.number : (this.state.epoch?.number ?? 0) + 1
    const commit = this.ok(signer, 'contribution.commit', { epoch, hash: commitHash(cid, salt, signer.did) })
    return { signer, cid, manifest, index, salt, commit }
  }

  /** Code of the refusal; undefined when it was revealed. */
  show({ signer, cid, salt, commit }: Contributed): string | undefined {
    return this.say(signer, 'contribution.reveal', { epoch: this.state.epoch?.number ?? 0, commit, manifest: cid, salt }).invalid?.code
  }

  /** Everyone's contributions of an epoch, revealed and held by all keyholders; what is left is to test and close. */
  gatherPool(make: () => Contributed[]): Contributed[] {
    this.advanceTo('gather')
    const offered = make()
    this.advance('reveal')
    for (const one of offered) {
      const code = this.show(one)
      if (code) throw new Error(code)
    }
    for (const validator of this.validators)
      this.available(
        validator,
        offered.map(({ cid }) => cid),
      )
    return offered
  }

  /** Of what the signer offered last, unless `changes` names another. */
  withdrawal(signer: Signer, changes: Partial<Omit<Withdrawal, 's' | 'subject' | 'v'>> = {}): Uint8Array {
    const manifest = this.#newest.get(signer.did) ?? rawCid(utf8(signer.did))
    return encode(signWithdrawal({ manifest, at: this.now, scope: 'all', ask: ['stop', 'erase'], ...changes }, signer))
  }

  /** Code of the refusal; undefined when it counts. */
  withdraw(signer: Signer, changes: Parameters<PoolLedgerWorld['withdrawal']>[1] = {}, by: Signer = this.operator): string | undefined {
    return this.say(by, 'consent.withdrawn', { withdrawal: this.withdrawal(signer, changes) }).invalid?.code
  }

  rowOf(signer: Signer, epoch = this.state.results.at(-1)?.epoch) {
    return this.state.results.find((result) => result.epoch === epoch)?.rows.find((row) => row.account === signer.did)
  }
}
