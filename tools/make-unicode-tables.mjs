#!/usr/bin/env node
/**
 * Writes schemas/measures/tables/unicode.json from the Unicode data of the Node that runs it.
 * The tables are checked in, so every peer counts with the same Unicode whatever its engine knows. Run again only together
 * with a new pipeline version: any difference in a table can change records.
 *   node tools/make-unicode-tables.mjs
 */
import { writeFileSync } from 'node:fs'

const folder = new URL('../schemas/measures/tables/', import.meta.url)
const MAX = 0x10ffff
const text = (cp) => String.fromCodePoint(cp)
const isSurrogate = (cp) => cp >= 0xd800 && cp <= 0xdfff
const tables = {}

/** `gap length value` in base 36 for each run of equal values; zeros are gaps. */
function runs(valueOf) {
  const out = []
  let last = 0
  for (let cp = 0; cp <= MAX; ) {
    const value = isSurrogate(cp) ? 0 : valueOf(cp)
    let end = cp + 1
    while (end <= MAX && (isSurrogate(end) ? 0 : valueOf(end)) === value) end++
    if (value !== 0) {
      out.push(`${(cp - last).toString(36)} ${(end - cp).toString(36)} ${value.toString(36)}`)
      last = end
    }
    cp = end
  }
  return out.join(',')
}

const cjk = /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}]/u
const letterOrNumber = /[\p{L}\p{N}]/u
const mark = /\p{M}/u
function classOf(cp) {
  const c = text(cp)
  if (letterOrNumber.test(c))
    return cjk.test(c) && !/\p{sc=Hang}/u.test(c) && cp > 0x7f && !/[\p{sc=Latn}]/u.test(c) && !/\p{Nd}/u.test(c) ? 2 : 1
  return mark.test(c) ? 3 : 0
}
// runs `gap length class` in base 36. 1: letter or number. 2: CJK character (Han, kana, bopomofo), a token by itself. 3: mark, continues a run
tables.classes = runs(classOf)

const scripts =
  'Latn Cyrl Arab Deva Grek Hebr Thai Hang Han Hira Kana Armn Geor Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Laoo Mymr Khmr Ethi Tibt Mong Thaa'.split(
    ' ',
  )
const scriptTests = scripts.map((s) => new RegExp(`\\p{sc=${s}}`, 'u'))
// runs `gap length script` in base 36 for letters; script 1 is the first of scriptNames
tables.scripts = runs((cp) => (/\p{L}/u.test(text(cp)) ? scriptTests.findIndex((t) => t.test(text(cp))) + 1 : 0))
tables.scriptNames = scripts.join(' ')

/** `gap replacement` pairs; the replacement is text. */
function pairs(mapOf) {
  const out = []
  let last = 0
  for (let cp = 0; cp <= MAX; cp++) {
    if (isSurrogate(cp)) continue
    const to = mapOf(cp)
    if (to === undefined || to === text(cp)) continue
    out.push(`${(cp - last).toString(36)} ${to}`)
    last = cp
  }
  return out.join(',')
}

// pairs `gap text`, gap in base 36: the one code point that each capital becomes
tables.lower = pairs((cp) => {
  const to = text(cp).toLowerCase()
  return Array.from(to).length === 1 ? to : undefined
})

// harakat, niqqud and the Latin, Greek and Cyrillic diacritics; marks that spell vowels in Indic scripts stay
/* oxlint-disable no-misleading-character-class */
const dropped =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f]/gu
const special = { ß: 'ss', ẞ: 'ss', ø: 'o', đ: 'd', ł: 'l', ı: 'i', æ: 'ae', œ: 'oe', þ: 'th', ð: 'd', ħ: 'h', ŧ: 't', ς: 'σ', ـ: '' }
function foldOf(cp) {
  const c = text(cp)
  const kept = /[\p{sc=Hang}\p{scx=Hira}\p{scx=Kana}]/u.test(c)
    ? c.normalize('NFKC')
    : c.normalize('NFKD').replace(dropped, '').normalize('NFC')
  const lower = Array.from(kept.toLowerCase())
    .map((x) => special[x] ?? x)
    .join('')
    .normalize('NFKD')
    .replace(dropped, '')
    .normalize('NFC')
  if (/[\p{sc=Hang}\p{scx=Hira}\p{scx=Kana}]/u.test(c))
    return Array.from(kept).every((x) => classOf(x.codePointAt(0)) !== 0) ? kept : undefined
  if (classOf(cp) === 0) return undefined
  return Array.from(lower).every((x) => classOf(x.codePointAt(0)) !== 0) ? lower : undefined
}
// pairs `gap text`: what a letter, number or mark becomes when case, accents and compatibility forms do not count
tables.fold = pairs(foldOf)

const madeBy = `tools/make-unicode-tables.mjs from Unicode ${process.versions.unicode}; do not edit`
writeFileSync(new URL('unicode.json', folder), `${JSON.stringify({ madeBy, ...tables }, null, 1)}\n`)
