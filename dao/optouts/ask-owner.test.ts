import { expect, it } from 'vitest'
import { RetryableError } from '../../core/errors/index.ts'
import { World } from '../../sim/world/index.ts'
import { exchangeOf } from '../../tests/unit/page-batch.ts'
import { askOwner } from './ask-owner.ts'

async function hear(origin: string, { file, records = {} }: { file?: string; records?: Record<string, string[]> }) {
  const asked: string[] = []
  const { clock } = new World({ seed: 1 })
  const words = await askOwner(origin, {
    web: {
      get: async (url) => {
        asked.push(url)
        if (file === undefined) throw new RetryableError('CONNECT', 'nobody there')
        return exchangeOf(url, file, { headers: [['Content-Type', 'text/plain']] })
      },
    },
    resolveTxt: async (name) => {
      asked.push(name)
      return records[name] ?? []
    },
    clock,
    signal: new AbortController().signal,
  })
  return { asked, said: words.map(({ domain, patterns }) => [domain, patterns]) }
}

it('hears an owner by the file of the host and by the DNS of its name and domain, and nobody where nothing is said', async () => {
  const asked = ['https://www.a.example/.well-known/quern.txt', '_quern.www.a.example', '_quern.a.example']
  expect(await hear('https://www.a.example', {})).toEqual({ asked, said: [] })
  const records = { '_quern.a.example': ['opt-out: /x/'] }
  expect((await hear('https://www.a.example', { file: 'opt-out: /', records })).said).toEqual([
    ['www.a.example', [null]],
    ['a.example', ['/x/']],
  ])
})

it('asks the DNS for no address, and for no port of its own', async () => {
  for (const origin of ['http://127.0.0.1', 'http://a.example:8080'])
    expect((await hear(origin, { file: 'nothing' })).asked).toEqual([`${origin}/.well-known/quern.txt`])
})
