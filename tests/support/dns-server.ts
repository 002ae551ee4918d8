/** A DNS server on 127.0.0.1 that knows some TXT records (RFC 1035, one question, no compression but the question's name). */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'

export interface DnsServer extends AsyncDisposable {
  /** `IP:port`, as a resolver takes it. */
  address: string
  /** Names that were asked for. */
  asked: string[]
}

const TXT = 16

/** Names that are absent do not exist (NXDOMAIN); `silent` ones are never answered. */
export async function startDns(records: Record<string, string[]>, silent: readonly string[] = []): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, { address, port }) => {
    const { name, end } = questionOf(query)
    asked.push(name)
    if (!silent.includes(name)) socket.send(answerTo(query.subarray(0, end), records[name]), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

function questionOf(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), end: at + 5 }
}

function answerTo(question: Buffer, texts: string[] | undefined): Buffer {
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(texts === undefined ? 0x8183 : 0x8180, 2)
  head.writeUInt16BE(texts?.length ?? 0, 6)
  head.fill(0, 8)
  const answers = (texts ?? []).map((text) => {
    const strings = (text.match(/.{1,255}/gs) ?? ['']).map((part) => Buffer.concat([Buffer.of(part.length), Buffer.from(part, 'latin1')]))
    const data = Buffer.concat(strings)
    const fixed = Buffer.alloc(12)
    fixed.writeUInt16BE(0xc00c, 0)
    fixed.writeUInt16BE(TXT, 2)
    fixed.writeUInt16BE(1, 4)
    fixed.writeUInt32BE(60, 6)
    fixed.writeUInt16BE(data.length, 10)
    return Buffer.concat([fixed, data])
  })
  return Buffer.concat([head, question.subarray(12), ...answers])
}
