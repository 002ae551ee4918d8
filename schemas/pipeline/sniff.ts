/** Is this HTML? What the server says, held against the first bytes (after WHATWG MIME Sniffing). */

const HTML_TYPES = new Set(['text/html', 'application/xhtml+xml'])
/** First bytes of what servers wrongly send as text/html. */
const MAGIC = [
  '%PDF-',
  'PK\u0003\u0004',
  '\u0089PNG',
  'GIF8',
  '\u00ff\u00d8\u00ff',
  'RIFF',
  '\u001f\u008b',
  'Rar!',
  '\u0000\u0000\u0001\u0000',
  'ID3',
  'OggS',
  '{\\rtf',
]

/** Null when the body may be read as HTML, else why not. */
export function notHtml(contentType: string | null, body: Uint8Array): string | null {
  const type =
    (contentType ?? '')
      .split(';')[0]
      ?.replace(/[ \t]+/g, '')
      .toLowerCase() ?? ''
  if (type !== '' && !HTML_TYPES.has(type)) return 'the content type is not HTML'
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, 1024)).toString('latin1')
  if (MAGIC.some((magic) => start.startsWith(magic))) return 'the body is a file of another kind'
  const isUtf16 = start.startsWith('\u00fe\u00ff') || start.startsWith('\u00ff\u00fe')
  // oxlint-disable-next-line no-control-regex
  if (!isUtf16 && /[\u0000\u0002-\u0008\u000e-\u001a]/.test(start)) return 'the body is binary'
  if (type === '' && !/<(!doctype html|html|head|body|title|meta|div|p|table|h1|a|br|!--)[\s>/-]/i.test(start))
    return 'no content type, and the body does not look like HTML'
  return null
}
