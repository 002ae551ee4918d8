import { describe, expect, it } from 'vitest'
import { readMember } from '../../schemas/evidence/index.ts'
import { fromHex, matchesCid, parseCid, rawCid, utf8 } from '../../schemas/wire/index.ts'
import { openLeaf, readPage, readReleaseFiles, recordOfEvidence } from '../support/data-shapes.ts'
import records from './record.json' with { type: 'json' }
import releases from './release.json' with { type: 'json' }

describe('records', () => {
  it.each(Object.entries(records.valid))('%s: evidence gives the record, the record its CID, the leaf the record', (_, one) => {
    expect(recordOfEvidence(fromHex(one.evidence), one.url)).toBe(one.record)
    expect(readPage(one.record)).toBe(one.record)
    expect(rawCid(utf8(one.record)).toString()).toBe(one.cid)
    expect(utf8(one.record)).toHaveLength(one.bytes)
    expect(openLeaf(fromHex(one.leaf), { cid: parseCid(one.cid), bytes: one.bytes })).toBe(one.record)
    expect(new TextDecoder().decode(readMember(fromHex(one.leaf), 0, 1 << 20).bytes)).toBe(`${one.record}\n`)
  })

  it.each(Object.entries(records.refusedLeaves))('a leaf, %s', (_, { leaf, cid, bytes, code }) => {
    expect(code).toMatch(/^RECORD_[A-Z]+$/)
    expect(openLeaf(fromHex(leaf), { cid: parseCid(cid), bytes })).toBe(code)
  })

  it.each(Object.entries(records.refusedEvidence))('evidence, %s', (_, { evidence, url, code }) => {
    expect(code).toMatch(/^[A-Z_]+$/)
    expect(recordOfEvidence(fromHex(evidence), url)).toBe(code)
  })

  it.each(Object.entries(records.refusedRecords))('a record, %s', (_, { record, code }) => {
    expect(code).toMatch(/^[A-Z_]+$/)
    expect(readPage(record)).toBe(code)
  })
})

describe('releases', () => {
  it.each(Object.entries(releases.valid))('%s: the two files agree', (_, { manifest, shares, root, sharesRoot }) => {
    expect(readReleaseFiles({ manifest, shares })).toBe(sharesRoot)
    expect(parseCid(root).toString()).toBe(root)
    // the manifest names the very bytes of the other file
    const { files } = JSON.parse(manifest) as { files: { path: string; bytes: number; cid: string }[] }
    const named = files.find((file) => file.path === 'shares.json')
    expect(named?.bytes).toBe(utf8(shares).byteLength)
    expect(matchesCid(parseCid(named?.cid ?? ''), utf8(shares))).toBe(true)
  })

  it.each(Object.entries(releases.refused))('%s', (_, { manifest, shares, code }) => {
    expect(code).toMatch(/^[A-Z_]+$/)
    expect(readReleaseFiles({ manifest, shares })).toBe(code)
  })
})
