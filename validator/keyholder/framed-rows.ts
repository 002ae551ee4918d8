/** The rows of one frame of a share table as DAG-CBOR: a list of `[name, due, row]`. */

/** A row in a frame: what is looked up, beside the row itself, so that opening a table need not decode every row. */
export type Framed = [name: Uint8Array, due: number, row: Uint8Array]

/** Of an item: its type and a number of eight bytes. */
const MAX_HEAD_BYTES = 9

/**
 * The DAG-CBOR of the rows of a frame. By hand, as it is read: the table is written anew at every deletion, and whoever withdrew waits for it. The general
 * encoder takes ten times as long.
 */
export function encodeFramed(rows: readonly Framed[]): Uint8Array {
  const most = rows.reduce((sum, [name, , row]) => sum + name.byteLength + row.byteLength + 4 * MAX_HEAD_BYTES, MAX_HEAD_BYTES)
  const bytes = new Uint8Array(most)
  const view = new DataView(bytes.buffer)
  let at = 0
  /** The head of an item of a major type: in as few bytes as its number takes. */
  const head = (major: number, value: number): void => {
    const type = major << 5
    if (value < 24) bytes[at++] = type | value
    else if (value < 2 ** 8) {
      bytes[at++] = type | 24
      bytes[at++] = value
    } else if (value < 2 ** 16) {
      bytes[at++] = type | 25
      view.setUint16(at, value)
      at += 2
    } else if (value < 2 ** 32) {
      bytes[at++] = type | 26
      view.setUint32(at, value)
      at += 4
    } else {
      bytes[at++] = type | 27
      view.setBigUint64(at, BigInt(value))
      at += 8
    }
  }
  const put = (item: Uint8Array): void => {
    head(2, item.byteLength)
    bytes.set(item, at)
    at += item.byteLength
  }
  head(4, rows.length)
  for (const [name, due, row] of rows) {
    head(4, 3)
    put(name)
    head(0, due)
    put(row)
  }
  return bytes.subarray(0, at)
}

/**
 * What `encodeFramed` made of the rows of a frame, which its seal has shown to be ours. The bytes are views of `plain`: a copy of each, and the frame
 * encoded again to see that it is canonical, would be garbage of several times the table.
 */
export function framedIn(plain: Uint8Array): Framed[] {
  let at = 0
  /** The number in the head of an item: a value, a length, a count. */
  const head = (): number => {
    const info = (plain[at++] as number) & 31
    if (info < 24) return info
    let value = 0
    for (const end = at + (1 << (info - 24)); at < end; at++) value = value * 256 + (plain[at] as number)
    return value
  }
  const bytes = (): Uint8Array => {
    const length = head()
    at += length
    return plain.subarray(at - length, at)
  }
  return Array.from({ length: head() }, (): Framed => {
    head()
    return [bytes(), head(), bytes()]
  })
}
