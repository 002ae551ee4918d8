/** All notices of one release in an age file for its trainer, filled up so that its size does not say whether there are any. */
import { equalBytes, encode, MAX_NOTICE_BOX_BYTES, noticeBox, parse, type CID, type TombstoneNotice } from '../../schemas/wire/index.ts'
import { openWithIdentities, sealToRecipients } from '../custody/index.ts'
import { readNotice } from './notices.ts'

/** Room for some hundred notices; beyond it each box is twice as large as the one before. */
const LEAST_BYTES = 64 << 10
/** More than the shape and the count of a filling take. */
const SLACK = 256

export async function sealNotices(
  { release, notices }: { release: CID; notices: readonly Uint8Array[] },
  recipient: string,
): Promise<Uint8Array> {
  const bare = encode({ v: 1, release, notices, fill: new Uint8Array() }).byteLength
  let size = LEAST_BYTES
  while (size < bare + SLACK) size *= 2
  // CBOR says the length of the filling in 1 to 5 bytes: the difference is taken off again
  let fill = new Uint8Array(size - bare)
  fill = fill.subarray(encode({ v: 1, release, notices, fill }).byteLength - size)
  return sealToRecipients(encode({ v: 1, release, notices, fill }), [recipient])
}

/** The notices that the operator signed for this release's trainer; others are left out. Throws what the age file and its shape say. */
export async function openNotices(
  box: Uint8Array,
  identity: string,
  { release, operator }: { release: CID; operator: string },
): Promise<TombstoneNotice[]> {
  const read = parse(noticeBox, await openWithIdentities(box, [identity]), MAX_NOTICE_BOX_BYTES)
  if (!equalBytes(read.release.bytes, release.bytes)) return []
  return read.notices.flatMap((bytes) => {
    const notice = readNotice(bytes)
    return notice.ok && notice.value.by === operator && notice.value.release.equals(release) ? [notice.value] : []
  })
}
