/** Mails of a service beside exports, from `pool offer --mail` to what they earn: one network of processes over TCP, and the commands that people type. */
import { readdir, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { KEYHOLDERS, type Offered, PoolPeople, type Status } from '../support/pool-people.ts'
import { eventually } from '../support/real-clock.ts'
import { runCli } from '../support/run-cli.ts'
import { mailRecord, type MailToSign, signedMail } from '../support/signed-mail.ts'

/** Jane and somebody who has her mail; Bob, with his own; and one without any. */
const [JANE, THIEF, BOB, PLAIN] = [0, 1, 2, 3]
const PEOPLE = 4
const agreed = ['--purpose', 'ai:ModelTraining', '--purpose', 'dpv:DataQualityAssessment', '--adult', '--yes']
let world: PoolPeople
const at = (...names: string[]): string => world.at(...names)
const exportOf = (who: number): string => at(`export-${who}.zip`)
const proof = (name: string): string[] => ['--mail', at(`${name}.eml`), '--show-mail']
const offers: Offered[] = []

async function writeMail(name: string, mail: MailToSign, change = (text: string): string => text): Promise<void> {
  const sent = { date: new Date().toUTCString(), ...mail }
  await writeFile(at(`${name}.eml`), change(signedMail(sent)).replaceAll('\r\n', '\n'), 'latin1')
}

beforeAll(async () => {
  world = await PoolPeople.start(PEOPLE, {
    mailSenders: [{ source: 'spotify', domain: 'tunes.example', subjects: ['your data is ready'] }],
    mailKeys: [{ name: 's1._domainkey.tunes.example', record: mailRecord }],
  })
  for (let who = 0; who < PEOPLE; who++) {
    // the same measures for everybody, and songs of their own
    const plays = Array.from({ length: 8 }, (_, i) => ({
      endTime: `2025-03-${String(1 + i).padStart(2, '0')} 10:1${i}`,
      artistName: `Artist ${who}`,
      trackName: `Song ${i} of ${who}`,
      msPlayed: 60_000 + i,
    }))
    await world.writeExport(`export-${who}.zip`, plays)
  }
  await writeMail('jane', {})
  await writeMail('bob', { to: 'bob@mail.example' })
  await writeMail('changed', {}, (text) => text.replace('jane.doe@', 'eve@'))
  await writeMail('newsletter', { subject: 'New songs for you' })
  await writeMail('old', { date: 'Sat, 01 Nov 2025 10:00:00 +0000' })
  const who = ['--name', 'Upper Mill', '--address', '1 Mill Lane', '--contact', 'mailto:m@mill.example', '--trainers', world.trainer.did]
  for (const run of [
    () => runCli('dao', 'pool', 'init', ...who, '--out', at('pool.yaml'), '--json'),
    () => world.operate('open', at('pool.yaml')),
  ]) {
    const { code, err } = await run()
    if (code !== 0) throw new Error(err)
  }
  // every keyholder has its share of the key that accounts are known by
  await eventually(async () => (await readdir(`${world.network.folder('dao')}/pool-key`)).length === 0)
}, 240_000)
afterAll(() => world[Symbol.asyncDispose]())

it.each<[string, number, string, () => string[]]>([
  ['that was changed', 1, 'SIGNATURE_FALSE', () => proof('changed')],
  ['about something else', 1, 'OTHER_SUBJECT', () => proof('newsletter')],
  ['that is old', 1, 'MAIL_TOO_OLD', () => proof('old')],
  ['that is none', 1, 'BAD_MAIL', () => ['--mail', exportOf(JANE), '--show-mail']],
  ['that nobody agreed to being read', 2, 'MAIL_NOT_AGREED', () => ['--mail', at('jane.eml')]],
])('a mail %s is sent back to its owner, and nothing comes of it', async (_, exit, code, words) => {
  const run = await world.pool(JANE, 'offer', exportOf(JANE), ...agreed, ...words())
  expect([run.code, run.json().at(-1)]).toMatchObject([exit, { error: { code } }])
  expect(await readdir(at(`person-${JANE}/pool`))).toEqual(['daos.json'])
})

it('goes beside an export, when its owner has read who sees it', async () => {
  const words = [proof('jane'), proof('jane'), proof('bob'), []]
  const others = Promise.all([THIEF, BOB, PLAIN].map((who) => world.offerElsewhere(who, exportOf(who), ...agreed, ...(words[who] ?? []))))
  others.catch(() => undefined)
  const run = await world.pool(JANE, 'offer', exportOf(JANE), ...agreed, ...(words[JANE] as string[]))
  expect(run.code, run.err).toBe(0)
  expect(run.err).toContain('It was sent to jane.doe@mail.example')
  expect(run.err).toContain('never to a trainer')
  offers.push(...run.json<Offered>().slice(-1), ...(await others))
  expect(offers.map(({ stage, mail, tokens }) => [stage, mail, tokens])).toEqual([
    ['available', true, 16],
    ['available', true, 16],
    ['available', true, 16],
    ['available', false, 16],
  ])
}, 600_000)

it('earns as much as its own mail attests it: one account once, and nothing is taken from whom it does not attest', async () => {
  const rows = await world.tested(1)
  const status: Status[] = []
  for (let who = 0; who < PEOPLE; who++) status.push(await world.status(who))
  const rowOf = (who: number) => rows.find(({ account }) => account === status[who]?.account)
  const whole = BigInt(rowOf(BOB)?.points ?? 0)
  const without = BigInt(rowOf(PLAIN)?.points ?? 0)
  expect(without).toBeGreaterThan(0n)
  expect(whole).toBe(10n * without)
  expect([rowOf(BOB)?.note, rowOf(PLAIN)?.note]).toEqual(['attested', null])
  // of two with one mail the first commit counts, whoever's it is
  const both = [JANE, THIEF].map((who) => BigInt(rowOf(who)?.points ?? 0))
  expect(both.toSorted((a, b) => Number(a - b))).toEqual([without, whole])
  expect(rows.map(({ fails }) => fails)).toEqual([0, 0, 0, 0])
  const said = both[0] === whole ? ['attests', 'does-not-attest'] : ['does-not-attest', 'attests']
  expect(status.map(({ mail }) => mail)).toEqual([...said, 'attests', 'none'])
}, 600_000)

it('was read by those who tested it, and its owner sees that', async () => {
  const [jane, plain] = [await world.status(JANE), await world.status(PLAIN)]
  const given = jane.accesses?.filter(({ outcome }) => outcome === 'ok') ?? []
  expect(new Set(given.map(({ by }) => by)).size).toBe(KEYHOLDERS)
  expect(given.every(({ mail, chunks, role }) => mail && chunks === 8 && role === 'scorer')).toBe(true)
  expect(plain.accesses?.some(({ mail }) => mail)).toBe(false)
}, 60_000)

it('ends with a withdrawal, like the rest', async () => {
  const given = async () => world.chunkFor(offers[JANE]?.contribution as string, await world.assembler, 'mail')
  // its sealed bytes lie where those of the chunks do
  expect(await given()).toEqual(Array.from({ length: KEYHOLDERS + 1 }, () => true))
  const run = await world.pool(JANE, 'withdraw', '--all', '--yes')
  expect(run.code, run.err).toBe(0)
  expect(await world.status(JANE)).toMatchObject({ stage: 'withdrawn', holding: 0 })
  await eventually(async () => !(await given()).some(Boolean))
}, 120_000)
