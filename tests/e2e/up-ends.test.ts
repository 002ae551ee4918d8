/** `quern up URL… --exit` ends also where there is nothing to show: a site that may not be gathered, pages that are worth nothing. */
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type CliRun, runCli } from '../support/run-cli.ts'

let home: string
let server: Server | undefined
beforeEach(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'quern-up-'))
})
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  await rm(home, { recursive: true, force: true })
})

const askedBy = new Set<string | undefined>()

async function upOver(answer: RequestListener, ...more: string[]): Promise<CliRun> {
  server = createServer((request, response) => {
    askedBy.add(request.headers['user-agent'])
    answer(request, response)
  })
  await new Promise<void>((listening) => server?.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const words = ['--allow-private', `127.0.0.1:${port}`, '--delay', '0', '--http', '127.0.0.1:0', '--home', home]
  return runCli('up', `http://127.0.0.1:${port}/`, '--exit', '--contributors', '2', '--validators', '1', ...words, ...more)
}

/** Worth something: long enough, and no sentence twice. */
const PROSE = ['granite', 'basalt', 'sandstone', 'lava', 'quartzite', 'limestone', 'flint', 'gritstone']
  .map(
    (stone, i) =>
      `<p>A miller who grinds with ${stone} dresses the furrows after ${20 + i} days, because meal that gathers in a worn furrow gets warm. ` +
      `The quarry of this ${stone} lies ${3 + i} miles up the valley, and oxen drew each block down before the river froze. ` +
      `Old accounts say that a pair cost ${40 + 7 * i} shillings and outlived two wheels, which nobody believed of ${stone} until they had seen it.</p>`,
  )
  .join('')

const closed: RequestListener = (request, response) => {
  if (request.url === '/robots.txt') response.end('User-agent: *\nDisallow: /\n')
  else response.writeHead(404).end()
}

it.each([[[]], [['--processes']]])('says no where no page may be gathered, and what the pages ended as %s', async (more) => {
  const { code, json, err } = await upOver(closed, '--json', ...more)
  expect(code, err).toBe(3)
  expect(json()).toMatchObject([{ error: { code: 'NOTHING_GATHERED', detail: { epoch: 1, outcomes: { ROBOTS_DISALLOWED: 2 } } } }])
  expect(err).toContain('pages ended as ROBOTS_DISALLOWED 2;')
})

it('says no where an epoch closes with nothing to release, and shows who gathered what', async () => {
  // long enough to be a record, too short to be worth anything
  const { code, out, err } = await upOver((request, response) => {
    if (request.url !== '/') return void response.writeHead(404).end()
    response.setHeader('content-type', 'text/html')
    response.end(
      `<!doctype html><html lang="en"><title>Stones</title><article><p>${'A millstone grinds grain. '.repeat(10)}</p></article></html>`,
    )
  })
  expect(code, err).toBe(3)
  expect(err).toContain('[NOTHING_TO_RELEASE]')
  expect(out).toMatch(/^contributor +records +credibility +points +share/m)
  expect(out).toContain('release   none: nothing to release')
  // whoever owns the site finds us at the page of this very network
  const api = /^api +(http:\S+)$/m.exec(out)?.[1]
  expect([...askedBy].filter((agent) => agent?.startsWith('QuernBot'))).toContain(`QuernBot/1.0 (+${api}/)`)
})

it('shows what earlier epochs gave where nobody gathers anything in a later one', async () => {
  const { code, out, err } = await upOver(
    (request, response) => {
      if (request.url !== '/') return void response.writeHead(404).end()
      response.setHeader('content-type', 'text/html')
      response.end(`<!doctype html><html lang="en"><title>Stones</title><article>${PROSE}</article></html>`)
    },
    '--epochs',
    '2',
    // two would change places
    '--contributors',
    '1',
  )
  expect(code, err).toBe(3)
  expect(err).toContain('in epoch 2 no contributor gathered anything')
  expect(err).toContain('[NOTHING_GATHERED]')
  expect(out).toMatch(/^epoch +1 /m)
  expect(out).toMatch(/^release +bafy\S+ +1 records$/m)
})
