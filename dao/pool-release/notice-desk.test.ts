/** Trainers are told: once of each withdrawal that touches their release, and again until their address took it. */
import { beforeAll, describe, expect, it } from 'vitest'
import { silent } from '../../core/effects/index.ts'
import { MemoryKv } from '../../core/kv/index.ts'
import { rawCid, type CID, encode, MAX_MEMBERS, type PoolReleaseSecret, type Purpose, utf8 } from '../../schemas/wire/index.ts'
import { fill, LEDGER, operator, trainer } from '../../tests/support/pool-world.ts'
import { realClock } from '../../tests/support/real-clock.ts'
import { signWithdrawal, subjectKey } from '../consent/index.ts'
import { generateAgeIdentity } from '../custody/index.ts'
import { type NamedRelease, NoticeDesk, openNotices, personOf, signPoolRelease, tombstoneRoot } from './index.ts'

const DAY = 86_400
const [ann, bob, zoe] = [1, 2, 3].map((n) => subjectKey(fill(n), LEDGER)) as [S, S, S]
type S = ReturnType<typeof subjectKey>
const contributionOf = ({ did }: S): CID => rawCid(utf8(did))
const personIn = ({ did }: S): string => personOf(fill(9), did)
const said = (subject: S, at: number, scope: 'all' | Purpose[] = 'all'): Uint8Array =>
  encode(signWithdrawal({ manifest: contributionOf(subject), at, scope, ask: ['stop'] }, subject))

const release: NamedRelease = signPoolRelease(
  {
    dao: LEDGER,
    name: 'pool-1',
    trainer: trainer.did,
    order: rawCid(utf8('order')),
    policies: [rawCid(utf8('policy'))],
    purposes: ['ai:ModelTraining'],
    licence: rawCid(utf8('licence')),
    deleteWithinDays: 14,
    statistics: null,
    contributions: { root: fill(1), size: 32 },
    members: fill(3),
    tombstones: { ...tombstoneRoot([]), at: 100 },
    rows: fill(4),
    anonymity: { k: 5, generalised: 0, suppressed: 0 },
    canaries: { count: 0, commit: fill(5) },
    redaction: 'activity@1',
    aiAct: rawCid(utf8('ai-act')),
    withdrawal: 'Keyholders delete their shares.',
    throughEpoch: 1,
    previous: null,
    at: 100,
  },
  operator,
)
let identity: { secret: string; recipient: string }
beforeAll(async () => {
  identity = await generateAgeIdentity()
})

interface World {
  desk: NoticeDesk
  withdrawals: Uint8Array[]
  sent: Uint8Array[]
  at: (seconds: number) => void
  open: (box: Uint8Array | undefined, of?: CID) => ReturnType<typeof openNotices>
}

function world({
  notify,
  fails = () => false,
  kv = new MemoryKv(),
  isReadable = () => true,
  people = [ann, bob].map((one) => [one, personIn(one)]),
}: {
  notify?: string
  fails?: () => boolean
  kv?: MemoryKv
  isReadable?: () => boolean
  people?: [S, string][]
} = {}): World {
  const withdrawals: Uint8Array[] = []
  const sent: Uint8Array[] = []
  let now = 200
  const members = people.map(([one, person]) => ({ manifest: contributionOf(one), subject: one.did, person }))
  const secret: PoolReleaseSecret = {
    v: 1,
    release: release.cid,
    secret: fill(9),
    members,
    recipient: identity.recipient,
    ...(notify && { notify }),
  }
  const isOurs = (cid: CID): boolean => cid.equals(release.cid)
  const desk = new NoticeDesk({
    // one that was made elsewhere stops nobody from being told of ours
    releases: () => [rawCid(utf8('elsewhere')), release.cid],
    manifest: async (cid) => (isOurs(cid) && isReadable() ? release.bytes : undefined),
    secret: async (cid) => (isOurs(cid) ? secret : undefined),
    withdrawals: async () => withdrawals,
    endsFor: ({ purposes }) => [...purposes, 'dpv:DataQualityAssessment'],
    operator,
    clock: { ...realClock, now: () => now * 1000 },
    kv,
    logger: silent,
    send: async (address, box) => {
      expect(address).toBe(notify)
      if (fails()) throw new Error('away')
      sent.push(box)
    },
  })
  const open: World['open'] = (box, of = release.cid) =>
    openNotices(box as Uint8Array, identity.secret, { release: of, operator: operator.did })
  return { desk, withdrawals, sent, at: (seconds) => void (now = seconds), open }
}

describe('notices', () => {
  it('name each person once, with its own deadline, and nobody who is not in the release or withdrew something else', async () => {
    const { desk, withdrawals, open, at } = world()
    await desk.step()
    expect(await open(await desk.box(release.cid))).toEqual([])
    // ann withdrew what the pool cannot do without
    withdrawals.push(said(zoe, 150), said(bob, 160, ['ai:Benchmarking']), said(ann, 170, ['dpv:DataQualityAssessment']))
    await desk.step()
    await desk.step()
    at(5000)
    withdrawals.push(said(bob, 4000, ['ai:ModelTraining']), said(ann, 4100))
    await desk.step()
    const notices = await open(await desk.box(release.cid))
    expect(notices.map(({ persons, at: signed, deleteBy, trainer: to }) => [persons, signed, deleteBy, to])).toEqual([
      [[personIn(ann)], 200, 170 + 14 * DAY, trainer.did],
      [[personIn(bob)], 5000, 4000 + 14 * DAY, trainer.did],
    ])
  })

  it('name as many as a release may have, at once', async () => {
    const persons = Array.from({ length: MAX_MEMBERS }, (_, i) => `p${i.toString(16).padStart(16, '0')}`)
    const { desk, withdrawals, open } = world({ people: persons.map((person) => [ann, person]) })
    withdrawals.push(said(ann, 170))
    await desk.step()
    const [notice] = await open(await desk.box(release.cid))
    expect(notice?.persons).toEqual(persons)
    // and it is still there to be read when the next one is written
    await desk.step()
    expect(await open(await desk.box(release.cid))).toHaveLength(1)
  })

  it('are for one trainer, and their box is of one size with and without any', async () => {
    const { desk, withdrawals, open, at } = world()
    const empty = (await desk.box(release.cid)) as Uint8Array
    withdrawals.push(said(ann, 170))
    await desk.step()
    // neither news nor asking changes it: the clock does
    expect(await desk.box(release.cid)).toBe(empty)
    at(260)
    const full = (await desk.box(release.cid)) as Uint8Array
    expect(full.byteLength).toBe(empty.byteLength)
    const stranger = await generateAgeIdentity()
    await expect(openNotices(full, stranger.secret, { release: release.cid, operator: operator.did })).rejects.toThrow(/no age file/)
    expect(await open(full, rawCid(utf8('another')))).toEqual([])
    expect(await openNotices(full, identity.secret, { release: release.cid, operator: trainer.did })).toEqual([])
    expect(await desk.box(rawCid(utf8('elsewhere')))).toBeUndefined()
  })

  it('are carried to the address that was given, again after it was away, and after a restart no more', async () => {
    let isAway = true
    const kv = new MemoryKv()
    const options = { notify: 'https://trainer.example/gone', fails: () => isAway, kv }
    const { desk, withdrawals, sent, at, open } = world(options)
    await desk.step()
    withdrawals.push(said(ann, 170))
    await desk.step()
    isAway = false
    // not at every step: whoever was away is asked again after a while
    await desk.step()
    expect(sent).toHaveLength(0)
    at(300)
    await desk.step()
    await desk.step()
    expect(sent).toHaveLength(1)
    expect((await open(sent[0])).map(({ persons }) => persons)).toEqual([[personIn(ann)]])
    const again = world(options)
    again.withdrawals.push(...withdrawals)
    await again.desk.step()
    expect(again.sent).toHaveLength(0)
  })

  it('are carried after each withdrawal, whoever’s it is: that something is sent says nothing', async () => {
    const { desk, withdrawals, sent, open } = world({ notify: 'https://trainer.example/gone' })
    await desk.step()
    expect(sent).toHaveLength(0)
    withdrawals.push(said(zoe, 150))
    await desk.step()
    await desk.step()
    withdrawals.push(said(ann, 170))
    await desk.step()
    expect(await Promise.all(sent.map(async (box) => (await open(box)).length))).toEqual([0, 1])
    expect(sent[0]?.byteLength).toBe(sent[1]?.byteLength)
  })

  it('miss nobody who withdraws while another notice is written', async () => {
    class Busy extends MemoryKv {
      override async put(...given: Parameters<MemoryKv['put']>): Promise<void> {
        meanwhile()
        await super.put(...given)
      }
    }
    const { desk, withdrawals, open } = world({ kv: new Busy() })
    let meanwhile = (): void => {
      meanwhile = () => undefined
      withdrawals.push(said(bob, 180))
    }
    withdrawals.push(said(ann, 170))
    await desk.step()
    await desk.step()
    expect((await open(await desk.box(release.cid))).map(({ persons }) => persons)).toEqual([[personIn(ann)], [personIn(bob)]])
  })

  it('wait for a manifest that cannot be read now', async () => {
    let isReadable = false
    const { desk, withdrawals, open, at } = world({ isReadable: () => isReadable })
    withdrawals.push(said(ann, 170))
    await desk.step()
    isReadable = true
    at(300)
    await desk.step()
    expect(await open(await desk.box(release.cid))).toHaveLength(1)
  })
})
