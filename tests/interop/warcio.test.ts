/** Our evidence as the reference WARC reader sees it: warcio checks every digest and reads every record. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { concatBytes, type Exchange, fetchGroup, requestHead, responseHead, utf8, warcinfoMember } from '../../schemas/index.ts'
import { findPython } from './python.ts'

const run = promisify(execFile)
const python = await findPython()
if (python === undefined) console.warn('No Python with warcio: its test is left out, as SKIP_INTEROP=1 says.')

const READ = `
import sys, json
from warcio.archiveiterator import ArchiveIterator
with open(sys.argv[1], 'rb') as stream:
    for record in ArchiveIterator(stream):
        print(json.dumps([record.rec_type, record.rec_headers.get_header('WARC-Target-URI'), record.content_stream().read().decode('latin1')]))
`

const url = 'http://mill.example/page?a=1'
const page = '<p>Grain is milled between two stones.</p>'
function exchange(headers: [string, string][], body: Uint8Array, status = 200): Exchange {
  return {
    url,
    status,
    headers,
    requestHead: requestHead(url, [['User-Agent', 'quern']]),
    responseHead: responseHead(status, 'OK', headers),
    body: new Uint8Array(body),
    fetchedAt: 1_760_000_000_123,
    remoteAddress: '192.0.2.7',
    truncated: false,
  }
}

describe.runIf(python !== undefined)('warcio', () => {
  it('passes every digest and gives every body back, packed, chunked and unchanged', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'quern-warcio-'))
    const file = path.join(folder, 'evidence.warc.gz')
    const html: [string, string] = ['Content-Type', 'text/html']
    const plain = fetchGroup(exchange([html, ['Transfer-Encoding', 'chunked']], utf8(page)))
    const packed = fetchGroup(exchange([html, ['Content-Encoding', 'gzip']], gzipSync(page)))
    const revisit = {
      profile: 'server-not-modified',
      recordId: plain.responseId,
      url,
      fetchedAt: 1,
      payloadDigest: plain.payloadDigest,
    } as const
    const again = fetchGroup(exchange([html], new Uint8Array(), 304), { revisit })
    const info = warcinfoMember({ at: 1_760_000_000_000, fields: [['software', 'quern']] })
    await writeFile(file, concatBytes(info, ...plain.members, ...packed.members, ...again.members))

    const check = await run(python as string, ['-m', 'warcio.cli', 'check', '-v', file])
    expect(check.stdout.match(/digest pass/g)).toHaveLength(9)
    expect(check.stdout).not.toContain('fail')
    const { stdout } = await run(python as string, ['-c', READ, file])
    const records = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as [string, string | null, string])
    expect(records.map(([type]) => type)).toEqual([
      'warcinfo',
      ...['response', 'response', 'revisit'].flatMap((type) => ['request', type, 'metadata']),
    ])
    expect(records.filter(([type]) => type === 'response').map(([, target, body]) => [target, body])).toEqual([
      [url, page],
      [url, page],
    ])
    await rm(folder, { recursive: true })
  })
})
