/** Bytes -> text: byte order mark, then HTTP header, then meta, then "valid UTF-8, else windows-1252". Decoders are pinned and pure. */
import iconv from 'iconv-lite'
import { decodeUtf8 } from '../evidence/index.ts'

export interface DecodedHtml {
  text: string
  charset: string
}

/** How far from the start a meta charset counts (WHATWG HTML: 1024 bytes; pages in the wild need more). */
const PRESCAN_BYTES = 4096

/** `contentType` is the HTTP header's value; null when there is none. Never throws: what cannot be decoded becomes U+FFFD. */
export function decodeHtml(bytes: Uint8Array, contentType: string | null): DecodedHtml {
  const marked = byteOrderMark(bytes)
  const named = marked ?? charsetOf(charsetParameter(contentType)) ?? charsetOf(metaCharset(bytes))
  const charset = named ?? 'utf-8'
  const plain = bytes.subarray(marked === undefined ? 0 : marked === 'utf-8' ? 3 : 2)
  if (charset === 'utf-8') {
    const text = decodeUtf8(plain)
    // a page that is not the UTF-8 it claims, or claims nothing, is most often windows-1252
    const broken = text.includes('\ufffd')
    if (!broken || (named !== undefined && replacements(text) * 200 < text.length)) return { text, charset: 'utf-8' }
    if (marked === undefined) return { text: iconv.decode(Buffer.from(plain), 'windows-1252'), charset: 'windows-1252' }
    return { text, charset }
  }
  return { text: iconv.decode(Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength), charset, { stripBOM: false }), charset }
}

function byteOrderMark([a, b, c]: Uint8Array): string | undefined {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if (a === 0xfe && b === 0xff) return 'utf-16be'
  return a === 0xff && b === 0xfe ? 'utf-16le' : undefined
}

function charsetParameter(contentType: string | null): string {
  return /;\s{0,8}charset\s{0,4}=\s{0,4}["']?([^"';\s]{1,40})/i.exec((contentType ?? '').slice(0, 300))?.[1] ?? ''
}

function metaCharset(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, PRESCAN_BYTES)).toString('latin1')
  for (const [tag] of start.matchAll(/<meta[\s/][^>]{0,400}>/gi)) {
    const label = /charset\s{0,4}=\s{0,4}["']?\s{0,4}([^"'\s/>;]{1,40})/i.exec(tag)?.[1]
    // a document whose meta could be read as ASCII cannot be UTF-16 (WHATWG HTML 13.2.3.2)
    if (label !== undefined) return /^utf-?16/i.test(label) ? 'utf-8' : label
  }
  return /^<\?xml[^>]{0,200}encoding\s{0,4}=\s{0,4}["']([^"']{1,40})["']/i.exec(start)?.[1] ?? ''
}

function replacements(text: string): number {
  let found = 0
  for (let at = text.indexOf('\ufffd'); at >= 0; at = text.indexOf('\ufffd', at + 1)) found++
  return found
}

/** Labels of the WHATWG Encoding Standard -> the decoder that iconv-lite has for them; undefined for a label nobody knows. */
function charsetOf(label: string): string | undefined {
  return label === '' ? undefined : labels.get(label.toLowerCase())
}

const labels = new Map<string, string>()
for (const [charset, names] of Object.entries({
  'utf-8': 'unicode-1-1-utf-8 utf-8 utf8 x-unicode20utf8 unicode11utf8 unicode20utf8',
  'utf-16le': 'utf-16 utf-16le ucs-2 unicode unicodefeff iso-10646-ucs-2 csunicode',
  'utf-16be': 'utf-16be unicodefffe',
  'windows-1252':
    'windows-1252 cp1252 x-cp1252 iso-8859-1 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 iso-ir-100 latin1 l1 ascii us-ascii ansi_x3.4-1968 cp819 ibm819 csisolatin1',
  'iso-8859-2': 'iso-8859-2 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 latin2 l2 csisolatin2 iso-ir-101',
  'iso-8859-3': 'iso-8859-3 iso8859-3 iso88593 iso_8859-3 latin3 l3 csisolatin3 iso-ir-109',
  'iso-8859-4': 'iso-8859-4 iso8859-4 iso88594 iso_8859-4 latin4 l4 csisolatin4 iso-ir-110',
  'iso-8859-5': 'iso-8859-5 iso8859-5 iso88595 iso_8859-5 cyrillic csisolatincyrillic iso-ir-144',
  'iso-8859-6': 'iso-8859-6 iso8859-6 iso88596 iso_8859-6 iso-8859-6-e iso-8859-6-i arabic ecma-114 asmo-708 csisolatinarabic iso-ir-127',
  'iso-8859-7': 'iso-8859-7 iso8859-7 iso88597 iso_8859-7 greek greek8 ecma-118 elot_928 sun_eu_greek csisolatingreek iso-ir-126',
  'iso-8859-8': 'iso-8859-8 iso8859-8 iso88598 iso_8859-8 iso-8859-8-i iso-8859-8-e visual logical hebrew csisolatinhebrew iso-ir-138',
  'iso-8859-10': 'iso-8859-10 iso8859-10 iso885910 latin6 l6 csisolatin6 iso-ir-157',
  'iso-8859-13': 'iso-8859-13 iso8859-13 iso885913',
  'iso-8859-14': 'iso-8859-14 iso8859-14 iso885914',
  'iso-8859-15': 'iso-8859-15 iso8859-15 iso885915 iso_8859-15 latin9 l9 csisolatin9',
  'iso-8859-16': 'iso-8859-16',
  'windows-1250': 'windows-1250 cp1250 x-cp1250',
  'windows-1251': 'windows-1251 cp1251 x-cp1251',
  'windows-1253': 'windows-1253 cp1253 x-cp1253',
  'windows-1254': 'windows-1254 cp1254 x-cp1254 iso-8859-9 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 latin5 l5 csisolatin5 iso-ir-148',
  'windows-1255': 'windows-1255 cp1255 x-cp1255',
  'windows-1256': 'windows-1256 cp1256 x-cp1256',
  'windows-1257': 'windows-1257 cp1257 x-cp1257',
  'windows-1258': 'windows-1258 cp1258 x-cp1258',
  'windows-874': 'windows-874 dos-874 iso-8859-11 iso8859-11 iso885911 tis-620',
  'koi8-r': 'koi8-r koi koi8 koi8_r cskoi8r',
  'koi8-u': 'koi8-u koi8-ru',
  macintosh: 'macintosh mac x-mac-roman csmacintosh',
  maccyrillic: 'x-mac-cyrillic x-mac-ukrainian',
  cp866: 'ibm866 866 cp866 csibm866',
  gb18030: 'gb18030 gbk gb2312 gb_2312 gb_2312-80 chinese csgb2312 csiso58gb231280 x-gbk iso-ir-58',
  big5: 'big5 big5-hkscs cn-big5 csbig5 x-x-big5',
  'euc-jp': 'euc-jp x-euc-jp cseucpkdfmtjapanese',
  shift_jis: 'shift_jis shift-jis sjis x-sjis ms_kanji ms932 windows-31j csshiftjis',
  'euc-kr': 'euc-kr cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949',
}))
  for (const name of names.split(' ')) labels.set(name, charset)
