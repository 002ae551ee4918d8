import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer, type Socket } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { realClock } from '../../tests/support/real-clock.ts'
import { codeOf, QuernError } from '../errors/index.ts'
import { openWeb, type OpenWebOptions } from './open-web.ts'
import type { Web } from './web.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

async function portOf(server: Server | TcpServer): Promise<number> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}

async function http(handler: Parameters<typeof createServer>[1]): Promise<number> {
  const server = createServer({ keepAliveTimeout: 60_000 }, handler)
  open.push(() => new Promise((done) => (server.closeAllConnections(), server.close(done))))
  return portOf(server)
}

/** A server that answers with bytes, not with HTTP. */
async function tcp(answer: (socket: Socket, request: string) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('data', (data) => answer(socket, data.toString('latin1')))
  })
  open.push(() => new Promise((done) => (sockets.forEach((s) => s.destroy()), server.close(done))))
  return portOf(server)
}

async function web(options: Partial<OpenWebOptions> = {}): Promise<Web> {
  const made = await openWeb({ clock: realClock, userAgent: 'Quern-test/1 (+mailto:test@example.org)', ...options })
  open.push(() => made[Symbol.asyncDispose]())
  return made
}
const local = (options: Partial<OpenWebOptions> = {}): Promise<Web> => web({ allowPrivate: ['127.0.0.0/8'], ...options })

async function errorOf(promise: Promise<unknown>): Promise<QuernError> {
  try {
    await promise
  } catch (thrown) {
    return thrown as QuernError
  }
  throw new Error('it succeeded')
}

describe('the address guard on real sockets', () => {
  it('refuses every spelling of loopback, and not one byte arrives', async () => {
    let connections = 0
    const server = createTcpServer((socket) => {
      connections++
      socket.destroy()
    })
    open.push(() => new Promise((done) => server.close(done)))
    const port = await portOf(server)
    const guarded = await web({ allowPrivate: [`203.0.113.0/24:${port}`], hosts: { 'trap.example': '127.0.0.1' } })
    for (const host of [
      'localhost',
      '127.0.0.1',
      '127.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '0.0.0.0',
      'trap.example',
      'TRAP.example.',
      '１２７.0.0.1',
    ])
      expect((await errorOf(guarded.get(`http://${host}:${port}/`))).code, host).toBe('ADDRESS_NOT_ALLOWED')
    expect(connections).toBe(0)
  })

  it('refuses the metadata service, private networks, odd ports, odd schemes and credentials', async () => {
    const guarded = await web({ resolve: async () => ['8.8.8.8'] })
    const table: [string, string][] = [
      ['http://169.254.169.254/latest/meta-data/', 'ADDRESS_NOT_ALLOWED'],
      ['http://metadata.google.internal/', 'ADDRESS_NOT_ALLOWED'],
      ['http://10.0.0.1/', 'ADDRESS_NOT_ALLOWED'],
      ['https://[fd00::1]/', 'ADDRESS_NOT_ALLOWED'],
      ['http://[::ffff:a9fe:a9fe]/', 'ADDRESS_NOT_ALLOWED'],
      ['http://printer.local/', 'ADDRESS_NOT_ALLOWED'],
      ['http://example.org:22/', 'PORT_NOT_ALLOWED'],
      ['http://8.8.8.8:8080/', 'PORT_NOT_ALLOWED'],
      ['ftp://example.org/', 'SCHEME_NOT_ALLOWED'],
      ['file:///etc/passwd', 'SCHEME_NOT_ALLOWED'],
      ['javascript:alert(1)', 'SCHEME_NOT_ALLOWED'],
      ['data:text/html,x', 'SCHEME_NOT_ALLOWED'],
      ['http://user:secret@example.org/', 'CREDENTIALS_IN_URL'],
      ['http://user@example.org/', 'CREDENTIALS_IN_URL'],
      ['example.org', 'BAD_URL'],
      ['http://', 'BAD_URL'],
      [`http://example.org/${'a'.repeat(9000)}`, 'BAD_URL'],
    ]
    for (const [url, code] of table) {
      const error = await errorOf(guarded.get(url))
      expect(error.code, url).toBe(code)
      expect(error.message).not.toContain('secret')
    }
  })

  it('refuses a name that resolves to a public and a private address', async () => {
    const guarded = await web({ resolve: async () => ['8.8.8.8', '127.0.0.1'] })
    expect((await errorOf(guarded.get('http://split.example/'))).code).toBe('ADDRESS_NOT_ALLOWED')
  })

  it('resolves once per connection and connects to what it checked, so a rebinding resolver gains nothing', async () => {
    const port = await http((_request, response) => response.end('inside'))
    let asked = 0
    const guarded = await web({
      allowPrivate: [`203.0.113.0/24:${port}`],
      // first a public answer for the check, then loopback for the use
      resolve: async () => [asked++ === 0 ? '203.0.113.5' : '127.0.0.1'],
      limits: { connectMs: 300 },
    })
    const first = await errorOf(guarded.get(`http://rebind.example:${port}/`))
    expect(['CONNECT', 'TIMEOUT']).toContain(first.code)
    expect((await errorOf(guarded.get(`http://rebind.example:${port}/`))).code).toBe('ADDRESS_NOT_ALLOWED')
  })

  it('does not follow a redirect to a private address: the caller asks again and is refused', async () => {
    const inside = await http((_request, response) => response.end('inside'))
    const port = await http((_request, response) => {
      response.writeHead(302, { location: `http://127.0.0.1:${inside}/` })
      response.end()
    })
    const guarded = await web({ allowPrivate: [`127.0.0.0/8:${port}`] })
    const hop = await guarded.get(`http://127.0.0.1:${port}/`)
    expect(hop.status).toBe(302)
    const target = hop.headers.find(([name]) => name.toLowerCase() === 'location')?.[1] ?? ''
    expect((await errorOf(guarded.get(target))).code).toBe('ADDRESS_NOT_ALLOWED')
  })

  it('refuses a bad user agent and a bad opening when it is made', async () => {
    expect((await errorOf(web({ userAgent: 'Quern 1.0\r\nX: y' }))).code).toBe('BAD_USER_AGENT')
    expect((await errorOf(web({ userAgent: '9bot/1' }))).code).toBe('BAD_USER_AGENT')
    expect((await errorOf(web({ allowPrivate: ['everything'] }))).code).toBe('BAD_ALLOW_PRIVATE')
  })
})

describe('an exchange', () => {
  it('holds both heads byte for byte, the headers in order and case, the body as received', async () => {
    const body = gzipSync('<p>bonjour</p>')
    const head =
      'HTTP/1.1 200 Very OK\r\nContent-TYPE: text/html; charset=utf-8\r\nX-One: a\r\nx-one:   b  \r\nContent-Encoding: gzip\r\n' +
      `Content-Length: ${body.length}\r\n\r\n`
    let seen = ''
    const port = await tcp((socket, request) => {
      seen = request
      // the head arrives in three pieces, behind an interim response
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n')
      setImmediate(() => {
        socket.write(head.slice(0, 20))
        setImmediate(() => socket.write(Buffer.concat([Buffer.from(head.slice(20)), body])))
      })
    })
    const client = await local({ hosts: { 'docs.quern.test': '127.0.0.1' } })
    const before = Date.now()
    const exchange = await client.get(`http://docs.quern.test:${port}/a?b=c#frag`, { headers: { 'X-Extra': '1', Host: 'evil.example' } })
    expect(exchange.url).toBe(`http://docs.quern.test:${port}/a?b=c`)
    expect(exchange.status).toBe(200)
    expect(Buffer.from(exchange.responseHead).toString('latin1')).toBe(head)
    expect(Buffer.from(exchange.requestHead).toString('latin1')).toBe(seen)
    expect(seen).toMatch(/^GET \/a\?b=c HTTP\/1\.1\r\nhost: docs\.quern\.test:\d+\r\n/i)
    expect(seen).toContain('user-agent: Quern-test/1 (+mailto:test@example.org)\r\n')
    expect(seen).toContain('accept-encoding: gzip, br\r\n')
    expect(seen).toContain('x-extra: 1\r\n')
    expect(seen).not.toContain('evil.example')
    expect(exchange.headers.slice(0, 3)).toEqual([
      ['Content-TYPE', 'text/html; charset=utf-8'],
      ['X-One', 'a'],
      ['x-one', 'b'],
    ])
    expect(Buffer.from(exchange.body)).toEqual(body)
    expect(exchange.remoteAddress).toBe('127.0.0.1')
    expect(exchange.truncated).toBe(false)
    expect(exchange.fetchedAt).toBeGreaterThanOrEqual(before)
  })

  it('is whole for many requests at once on few connections, each with its own head', async () => {
    const sockets = new Set<Socket>()
    const port = await http((request, response) => {
      sockets.add(request.socket)
      response.setHeader('x-path', request.url ?? '')
      response.end(request.url)
    })
    const client = await local({ limits: { connectionsPerOrigin: 3 } })
    const got = await Promise.all(Array.from({ length: 60 }, (_, i) => client.get(`http://127.0.0.1:${port}/${i}`)))
    got.forEach((exchange, i) => {
      expect(Buffer.from(exchange.body).toString()).toBe(`/${i}`)
      expect(Buffer.from(exchange.requestHead).toString()).toContain(`GET /${i} HTTP/1.1`)
      expect(Buffer.from(exchange.responseHead).toString()).toContain(`x-path: /${i}\r\n`)
    })
    expect(sockets.size).toBeLessThanOrEqual(3)
  })

  it('is whole and in order however many pieces its body comes in', async () => {
    const letters = Array.from({ length: 200_000 }, (_, i) => String.fromCharCode(97 + (i % 26)))
    const chunks = letters.map((letter) => `1\r\n${letter}\r\n`)
    const port = await tcp((socket) => socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunks.join('')}0\r\n\r\n`))
    const { body, truncated } = await (await local()).get(`http://127.0.0.1:${port}/`)
    expect([Buffer.from(body).toString() === letters.join(''), truncated]).toEqual([true, false])
  })

  it('comes again over a new connection when the server had closed the idle one', async () => {
    let requests = 0
    const port = await tcp((socket) => {
      requests++
      if (requests === 2) socket.destroy()
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    const client = await local()
    await client.get(`http://127.0.0.1:${port}/`)
    expect((await client.get(`http://127.0.0.1:${port}/`)).status).toBe(200)
    expect(requests).toBe(3)
  })
})

describe('limits', () => {
  it('cuts a long and an endless body at the cap and says so', async () => {
    const port = await http((_request, response) => {
      const more = (): void => {
        while (response.write('x'.repeat(16_384)));
        response.once('drain', more)
      }
      more()
    })
    const exchange = await (await local()).get(`http://127.0.0.1:${port}/`, { maxBytes: 100_000 })
    expect(exchange.truncated).toBe(true)
    expect(exchange.body.length).toBe(100_000)
  })

  it('leaves a body unread when the caller does not want it', async () => {
    let written = 0
    const port = await http((_request, response) => {
      response.writeHead(200, { 'content-type': 'video/mp4' })
      const more = (): void => {
        while (written < 50 << 20 && response.write('x'.repeat(65_536))) written += 65_536
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    })
    const exchange = await (await local()).get(`http://127.0.0.1:${port}/`, {
      skipBody: ({ headers }) => headers.some(([, value]) => value.startsWith('video/')),
    })
    expect([exchange.status, exchange.body.length, exchange.truncated]).toEqual([200, 0, true])
    expect(written).toBeLessThan(50 << 20)
  })

  it('a body of exactly the cap is whole', async () => {
    const port = await http((_request, response) => response.end('x'.repeat(1000)))
    const exchange = await (await local()).get(`http://127.0.0.1:${port}/`, { maxBytes: 1000 })
    expect([exchange.truncated, exchange.body.length]).toEqual([false, 1000])
  })

  it('refuses bombs in gzip, brotli and twice wrapped', async () => {
    const zeros = Buffer.alloc(8 << 20)
    const bombs: [string, Buffer][] = [
      ['gzip', gzipSync(zeros)],
      ['br', brotliCompressSync(zeros)],
      ['gzip, gzip', gzipSync(gzipSync(zeros))],
    ]
    for (const [coding, body] of bombs) {
      const port = await http((_request, response) => {
        response.writeHead(200, { 'content-encoding': coding })
        response.end(body)
      })
      const client = await local()
      expect((await errorOf(client.get(`http://127.0.0.1:${port}/`, { maxDecodedBytes: 1 << 20 }))).code, coding).toBe('BODY_TOO_LARGE')
      expect((await client.get(`http://127.0.0.1:${port}/`, { maxDecodedBytes: 9 << 20 })).body.length).toBe(body.length)
    }
  })

  it('keeps a body that lies about its coding as it came, and refuses towers of codings', async () => {
    const port = await http((request, response) => {
      response.writeHead(200, { 'content-encoding': request.url === '/tower' ? 'gzip, br, gzip, br' : 'gzip' })
      response.end('not gzip at all')
    })
    const client = await local()
    expect((await client.get(`http://127.0.0.1:${port}/`)).body.length).toBe(15)
    expect((await errorOf(client.get(`http://127.0.0.1:${port}/tower`))).code).toBe('BAD_RESPONSE')
  })

  it('times out a server that never answers, one that drips its head, and one that drips its body', async () => {
    const drip = (text: string) => (socket: Socket) => {
      let i = 0
      const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : socket.write(text[i++ % text.length] as string)), 10)
      open.push(() => clearInterval(timer))
    }
    const silent = await tcp(() => {})
    const slowHead = await tcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Long: ')
      drip('abc')(socket)
    })
    const slowBody = await tcp((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n')
      drip('abc')(socket)
    })
    const client = await local({ limits: { headersMs: 150, bodyMs: 150 } })
    for (const [port, phase] of [
      [silent, 'headers'],
      [slowHead, 'headers'],
      [slowBody, 'body'],
    ] as const) {
      const error = await errorOf(client.get(`http://127.0.0.1:${port}/`))
      expect([error.code, error.detail.phase]).toEqual(['TIMEOUT', phase])
    }
    const total = await local({ limits: { totalMs: 100 } })
    expect((await errorOf(total.get(`http://127.0.0.1:${slowBody}/`))).code).toBe('TIMEOUT')
  })

  it('refuses heads that are too large', async () => {
    const port = await tcp((socket) => socket.write(`HTTP/1.1 200 OK\r\n${'X-A: '.padEnd(200, 'b')}\r\n`.repeat(1000)))
    expect((await errorOf((await local({ limits: { headerBytes: 4096 } })).get(`http://127.0.0.1:${port}/`))).code).toBe('BAD_RESPONSE')
  })
})

describe('bad servers', () => {
  const answers: [name: string, bytes: string, code: string][] = [
    ['garbage', '\u0000\u0001\u0002 hello\r\n\r\n', 'BAD_RESPONSE'],
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n', 'BAD_RESPONSE'],
    ['two content lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 'BAD_RESPONSE'],
    ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 'BAD_RESPONSE'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n', 'BAD_RESPONSE'],
    ['an unasked upgrade', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n', 'BAD_RESPONSE'],
  ]
  for (const [name, bytes, code] of answers)
    it(`answering ${name} give ${code}`, async () => {
      const port = await tcp((socket) => socket.end(Buffer.from(bytes, 'latin1')))
      expect((await errorOf((await local()).get(`http://127.0.0.1:${port}/`))).code).toBe(code)
    })

  it('hanging up early give RESET, also in the middle of a body', async () => {
    const early = await tcp((socket) => socket.destroy())
    const middle = await tcp((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'))
    const client = await local()
    expect((await errorOf(client.get(`http://127.0.0.1:${early}/`))).code).toBe('RESET')
    expect((await errorOf(client.get(`http://127.0.0.1:${middle}/`))).code).toBe('RESET')
  })

  it('that do not exist give CONNECT and DNS', async () => {
    const server = createTcpServer()
    const port = await portOf(server)
    await new Promise((done) => server.close(done))
    expect((await errorOf((await local()).get(`http://127.0.0.1:${port}/`))).code).toBe('CONNECT')
    const nameless = await web({ resolve: async () => [] })
    expect((await errorOf(nameless.get('http://nothing.example/'))).code).toBe('DNS')
  })

  it('bytes after the announced length are not taken for the next answer', async () => {
    let requests = 0
    const port = await tcp((socket) => {
      requests++
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison')
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nclean')
    })
    const client = await local({ limits: { connectionsPerOrigin: 1 } })
    expect(Buffer.from((await client.get(`http://127.0.0.1:${port}/1`)).body).toString()).toBe('ok')
    expect(Buffer.from((await client.get(`http://127.0.0.1:${port}/2`)).body).toString()).toBe('clean')
  })
})

describe('ending', () => {
  it('an abort ends a request at once with the reason, whether it waits for a place, a head or a body', async () => {
    const port = await tcp((socket, request) => {
      if (request.startsWith('GET /body')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx')
    })
    const client = await local({ limits: { connectionsPerOrigin: 2 } })
    const stop = new AbortController()
    const waiting = ['/head', '/body', '/queued'].map((path) =>
      errorOf(client.get(`http://127.0.0.1:${port}${path}`, { signal: stop.signal })),
    )
    await new Promise((done) => setImmediate(done))
    stop.abort(new Error('enough'))
    for (const error of await Promise.all(waiting)) expect(error.message).toBe('enough')
    expect((await errorOf(client.get(`http://127.0.0.1:${port}/`, { signal: stop.signal }))).message).toBe('enough')
  })

  it('disposing fails what runs and what comes', async () => {
    const port = await tcp(() => {})
    const client = await local()
    const running = errorOf(client.get(`http://127.0.0.1:${port}/`))
    await new Promise((done) => setImmediate(done))
    await client[Symbol.asyncDispose]()
    expect(codeOf(await running)).toMatch(/RESET|WEB_CLOSED/)
    expect(codeOf(await errorOf(client.get(`http://127.0.0.1:${port}/`)))).toBe('WEB_CLOSED')
  })
})
