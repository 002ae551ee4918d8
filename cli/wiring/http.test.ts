import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { FatalError, RetryableError } from '../../core/errors/index.ts'
import { daoInfo } from './http.ts'

let server: Server | undefined
afterEach(() => server?.close())

async function infoOf(status: number, body: string): Promise<unknown> {
  server = createServer((_request, response) => response.writeHead(status, { connection: 'close' }).end(body))
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening))
  return daoInfo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`).catch((error: unknown) => error)
}

it.each([429, 502, 503])('asks for patience, and says what was said, where a DAO answers %i', async (status) => {
  const error = await infoOf(status, 'the DAO begins')
  expect(error).toBeInstanceOf(RetryableError)
  expect(error).toMatchObject({ code: 'HTTP_STATUS', message: expect.stringContaining(`${status}: the DAO begins`) as string })
})

it.each([
  [404, 'nothing'],
  [200, '{"another":"service"}'],
])('knows what is no DAO by an answer %i %s', async (status, body) => {
  const error = await infoOf(status, body)
  expect(error).toBeInstanceOf(FatalError)
  expect(error).toMatchObject({ code: 'NOT_A_DAO' })
})
