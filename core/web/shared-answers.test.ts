import { expect, it } from 'vitest'
import type { Exchange } from '../../schemas/evidence/index.ts'
import { World } from '../../sim/world/index.ts'
import { SharedAnswers } from './shared-answers.ts'

const HOURS = 3600 * 1000

it('gives everybody one answer for half a day, also while it is under way, and a failure to nobody else', async () => {
  const { clock } = new World({ seed: 1 })
  let now = 0
  const answers = new SharedAnswers({ ...clock, now: () => now })
  let asked = 0
  const ask = (status: number) => async (): Promise<Exchange> => {
    asked++
    await Promise.resolve()
    return { status, fetchedAt: now } as Exchange
  }
  const both = await Promise.all([answers.get('http://a.example/l', ask(200)), answers.get('http://a.example/l', ask(200))])
  expect([both[0] === both[1], asked]).toEqual([true, 1])
  now = 11 * HOURS
  await answers.get('http://a.example/l', ask(200))
  expect(asked).toBe(1)
  now = 12 * HOURS
  await answers.get('http://a.example/l', ask(200))
  expect(asked).toBe(2)

  await Promise.all([answers.get('http://b.example/l', ask(503)), answers.get('http://b.example/l', ask(503))])
  expect(asked).toBe(4)
  const broken = (): Promise<Exchange> => Promise.reject(new Error('reset'))
  const [failed, patient] = await Promise.allSettled([
    answers.get('http://c.example/l', broken),
    answers.get('http://c.example/l', ask(200)),
  ])
  expect([failed.status, patient.status]).toEqual(['rejected', 'fulfilled'])
})
