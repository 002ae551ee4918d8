import { expect, it } from 'vitest'
import { startDns } from '../../tests/support/dns-server.ts'
import { txtResolver } from './resolve-txt.ts'

it('gives each record as one string, however many parts it has, and none where there is none', async () => {
  const long = 'opt-out: /'.padEnd(600, 'x')
  await using dns = await startDns({ '_quern.example.org': ['opt-out: /', long], '_quern.bare.example': [] })
  const resolve = txtResolver({ servers: [dns.address] })
  expect(await resolve('_quern.example.org')).toEqual(['opt-out: /', long])
  expect(await resolve('_quern.bare.example')).toEqual([])
  expect(await resolve('_quern.nobody.example')).toEqual([])
})

it('says that a server which does not answer may answer later', async () => {
  await using dns = await startDns({}, ['_quern.mute.example'])
  await expect(txtResolver({ servers: [dns.address], timeoutMs: 100 })('_quern.mute.example')).rejects.toMatchObject({ code: 'DNS' })
})

it('ends with the reason of its signal', async () => {
  await using dns = await startDns({}, ['_quern.mute.example'])
  const stop = new AbortController()
  const asking = txtResolver({ servers: [dns.address], timeoutMs: 60_000 })('_quern.mute.example', stop.signal)
  stop.abort(new Error('enough'))
  await expect(asking).rejects.toThrow('enough')
})
