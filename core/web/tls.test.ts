import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { realClock } from '../../tests/support/real-clock.ts'
import { codeOf } from '../errors/index.ts'
import { openWeb } from './open-web.ts'
import type { Web } from './web.ts'

/** A key that guards nothing: made for this test, for a name that no DNS knows. */
const fixture = (name: string): string => readFileSync(path.join(import.meta.dirname, 'fixtures', `docs.quern.test.${name}.pem`), 'utf8')
const names: (string | false | null)[] = []
const server = createServer({ key: fixture('key'), cert: fixture('cert') }, (request, response) => {
  names.push((request.socket as TLSSocket & { servername: string | false }).servername, request.headers.host ?? null)
  response.setHeader('X-Secure', 'yes')
  response.end('over TLS')
})
let port = 0
let web: Web
const before = getCACertificates('default')

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  port = (server.address() as AddressInfo).port
  web = await openWeb({
    clock: realClock,
    userAgent: 'Quern/0.1',
    hosts: { 'docs.quern.test': '127.0.0.1', 'other.quern.test': '127.0.0.1' },
    allowPrivate: [`127.0.0.1:${port}`],
  })
})
afterAll(async () => {
  setDefaultCACertificates(before)
  await web[Symbol.asyncDispose]()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

it('refuses a certificate that nobody vouches for', async () => {
  expect(await web.get(`https://docs.quern.test:${port}/`).then(() => 'fetched', codeOf)).toBe('TLS')
})

it('connects to the checked address under the name, and keeps the heads as they were inside the tunnel', async () => {
  setDefaultCACertificates([...before, fixture('cert')])
  const exchange = await web.get(`https://docs.quern.test:${port}/page`)
  expect(Buffer.from(exchange.body).toString()).toBe('over TLS')
  expect(names).toEqual(['docs.quern.test', `docs.quern.test:${port}`])
  expect(exchange.remoteAddress).toBe('127.0.0.1')
  expect(Buffer.from(exchange.requestHead).toString()).toMatch(/^GET \/page HTTP\/1\.1\r\nhost: docs\.quern\.test:\d+\r\n/i)
  expect(Buffer.from(exchange.responseHead).toString()).toMatch(/^HTTP\/1\.1 200 OK\r\nX-Secure: yes\r\n/)
})

it('refuses a certificate for another name, and an address in its place', async () => {
  expect(await web.get(`https://other.quern.test:${port}/`).then(() => 'fetched', codeOf)).toBe('TLS')
  expect(await web.get(`https://127.0.0.1:${port}/`).then(() => 'fetched', codeOf)).toBe('TLS')
})

it('gives an error of its own when plain HTTP is asked of it', async () => {
  expect(await web.get(`http://docs.quern.test:${port}/`).then(() => 'fetched', codeOf)).toMatch(/RESET|BAD_RESPONSE/)
})
