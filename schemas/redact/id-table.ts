/** National identifiers: how they look, and who checks them. `stdnum` has the check digits; what it lacks is written below. */
import { stdnum } from 'stdnum'
import { passesLuhn } from './card.ts'

export interface IdRule {
  /** Country and name, for the table in PRIVACY. */
  name: string
  /** How it is written with its separators or letters; that form needs no word beside it. */
  written?: RegExp
  /** Digits alone. `strong`: date or several check digits make chance hits rare; otherwise a word beside it must say what it is. */
  bare?: RegExp
  strong?: boolean
  /** A word that says what it is, but says so of other numbers as well. */
  label?: RegExp
  isOne: (value: string) => boolean
}

const by =
  (country: string, name: string) =>
  (value: string): boolean => {
    const validator = stdnum[country]?.[name]
    if (validator === undefined) throw new Error(`stdnum has no ${country}.${name}`)
    return validator.validate(value).isValid
  }
const onlyDigits = (value: string): string => value.replace(/\D/g, '')

/** Σ digit × weight; weights repeat. */
function weighted(digits: string, weights: readonly number[], from = 0): number {
  let sum = from
  for (let i = 0; i < digits.length; i++) sum += (digits.charCodeAt(i) - 48) * (weights[i % weights.length] as number)
  return sum
}

/** United Kingdom, NHS number: weights 10 to 2, modulus 11. */
function isNhs(value: string): boolean {
  const digits = onlyDigits(value)
  return digits.length === 10 && (11 - (weighted(digits.slice(0, 9), [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(digits[9])
}

/** United States, National Provider Identifier: Luhn behind 80840. */
const isNpi = (value: string): boolean => passesLuhn(`80840${onlyDigits(value)}`)

/** United States, ABA routing number: weights 3, 7, 1. */
function isAba(value: string): boolean {
  const sum = weighted(onlyDigits(value), [3, 7, 1])
  return sum > 0 && sum % 10 === 0
}

/** Australia, Medicare card: weights 1, 3, 7, 9; the ninth digit checks the first eight. */
function isMedicare(value: string): boolean {
  const digits = onlyDigits(value)
  return /^[2-6]/.test(digits) && weighted(digits.slice(0, 8), [1, 3, 7, 9]) % 10 === Number(digits[8])
}

/** Singapore, NRIC and FIN. */
function isNric(value: string): boolean {
  const [kind, number, letter] = [value.charAt(0).toUpperCase(), value.slice(1, 8), value.charAt(8).toUpperCase()]
  const offset = kind === 'T' || kind === 'G' ? 4 : kind === 'M' ? 3 : 0
  const sum = weighted(number, [2, 7, 6, 5, 4, 3, 2], offset) % 11
  const letters = kind === 'M' ? 'XWUTRQPNJLK' : kind === 'F' || kind === 'G' ? 'XWUTRQPNMLK' : 'JZIHGFEDCBA'
  return letters.charAt(kind === 'M' ? 10 - sum : sum) === letter
}

/** Russia, SNILS: weights 9 to 1, modulus 101. */
function isSnils(value: string): boolean {
  const digits = onlyDigits(value)
  return digits.length === 11 && (weighted(digits.slice(0, 9), [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101) % 100 === Number(digits.slice(9))
}

/** Japan, Individual Number: weights 6 to 2 and 7 to 2, modulus 11. */
function isMyNumber(value: string): boolean {
  const digits = onlyDigits(value)
  const rest = weighted(digits.slice(0, 11), [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11
  return digits.length === 12 && (rest <= 1 ? 0 : 11 - rest) === Number(digits[11])
}

/** Ukraine, taxpayer number. */
const isRntrc = (value: string): boolean =>
  (((weighted(value.slice(0, 9), [-1, 5, 7, 9, 4, 6, 10, 5, 7]) % 11) + 11) % 11) % 10 === Number(value[9])

/** Hungary, tax identification sign: weights 1 to 9, modulus 11. */
const isHungarianTaxpayer = (value: string): boolean => weighted(value.slice(0, 9), [1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 === Number(value[9])

/** United States, ITIN: begins with 9, fourth and fifth digits in the ranges that are issued. */
const isItin = (value: string): boolean => /^9\d\d-?(?:5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])-?\d{4}$/.test(value)

/** `YYMMDD` or `DDMMYY` as a calendar could have it. */
const isDate6 = (day: string, month: string): boolean => Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31

export const ID_RULES: readonly IdRule[] = [
  { name: 'US SSN', written: /\d{3}([- ])\d{2}\1\d{4}/, bare: /\d{9}/, isOne: by('US', 'ssn') },
  { name: 'US ITIN', written: /9\d{2}-\d{2}-\d{4}/, bare: /9\d{8}/, isOne: isItin },
  { name: 'US NPI', bare: /[12]\d{9}/, isOne: isNpi },
  { name: 'US ABA', written: /\d{4}-\d{4}-\d/, bare: /\d{9}/, isOne: isAba },
  { name: 'GB NHS', written: /\d{3} \d{3} \d{4}/, bare: /\d{10}/, isOne: isNhs },
  {
    name: 'GB NINO',
    written: /[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]/i,
    isOne: (v) => by('GB', 'nino')(v.replaceAll(' ', '')),
  },
  // examples use prefixes that are never issued
  { name: 'GB NINO, named', bare: /[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]/i, isOne: () => true },
  { name: 'GB UTR', bare: /\d{10}/, isOne: by('GB', 'utr') },
  { name: 'DE tax id', written: /[1-9]\d(?: \d{3}){3}/, bare: /[1-9]\d{10}/, strong: true, isOne: by('DE', 'idnr') },
  { name: 'DE social insurance', written: /\d{2} ?\d{6} ?[A-Z] ?\d{3}/i, isOne: by('DE', 'svnr') },
  { name: 'AT social insurance', written: /\d{4} \d{6}/, bare: /\d{10}/, strong: true, isOne: by('AT', 'vnr') },
  { name: 'CH AHV', written: /756\.\d{4}\.\d{4}\.\d{2}/, bare: /756\d{10}/, strong: true, isOne: by('CH', 'ssn') },
  { name: 'ES DNI', written: /\d{8}[ -]?[A-Z]|\d{2}\.\d{3}\.\d{3}[ -]?[A-Z]/i, isOne: (v) => by('ES', 'dni')(v.replace(/[^\dA-Z]/gi, '')) },
  { name: 'ES NIE', written: /[XYZ][ -]?\d{7}[ -]?[A-Z]/i, isOne: by('ES', 'nie') },
  {
    name: 'ES social security',
    written: /\d{2}[ /]\d{8}[ /]\d{2}/,
    bare: /\d{12}/,
    strong: true,
    isOne: (v) => by('ES', 'nss')(onlyDigits(v)),
  },
  {
    name: 'IT codice fiscale',
    written: /[A-Z]{3} ?[A-Z]{3} ?[\dL-NP-V]{2} ?[A-EHLMPRST] ?[\dL-NP-V]{2} ?[A-Z][\dL-NP-V]{3} ?[A-Z]/i,
    isOne: by('IT', 'codicefiscale'),
  },
  {
    name: 'FR NIR',
    written: /[12] \d{2} \d{2} (?:\d{2}|2[AB]) \d{3} \d{3} \d{2}|[12]\d{4}2[AB]\d{6} ?\d{2}|[12]\d{12} \d{2}/i,
    bare: /[12]\d{14}/,
    strong: true,
    isOne: by('FR', 'nir'),
  },
  { name: 'FR tax id', written: /[0-3]\d \d{2} \d{3} \d{3} \d{3}/, bare: /[0-3]\d{12}/, strong: true, isOne: by('FR', 'nif') },
  { name: 'BE national number', written: /\d{2}([ .])\d{2}\1\d{2}[ -]\d{3}[ .]\d{2}/, bare: /\d{11}/, strong: true, isOne: by('BE', 'nn') },
  { name: 'NL BSN', written: /\d{4}\.\d{2}\.\d{3}/, bare: /\d{9}/, isOne: by('NL', 'bsn') },
  { name: 'PT NIF', bare: /[1235689]\d{8}/, isOne: by('PT', 'nif') },
  { name: 'PT citizen card', written: /\d{8} ?\d ?[A-Z\d]{2}\d/i, isOne: (v) => /[a-z]/i.test(v) && by('PT', 'cc')(v) },
  { name: 'PL PESEL', bare: /\d{11}/, strong: true, isOne: by('PL', 'pesel') },
  { name: 'PL NIP', written: /\d{3}-\d{3}-\d{2}-\d{2}|\d{3}-\d{2}-\d{2}-\d{3}/, bare: /\d{10}/, isOne: by('PL', 'nip') },
  { name: 'CZ birth number', written: /\d{6}\/\d{4}/, bare: /\d{10}/, strong: true, isOne: by('CZ', 'rc') },
  { name: 'RO CNP', bare: /[1-8]\d{12}/, strong: true, isOne: by('RO', 'cnp') },
  {
    name: 'BG EGN',
    bare: /\d{10}/,
    strong: true,
    isOne: (v) => isDate6(v.slice(4, 6), String(Number(v.slice(2, 4)) % 20)) && by('BG', 'egn')(v),
  },
  { name: 'HR OIB', bare: /\d{11}/, isOne: by('HR', 'oib') },
  { name: 'RS, BA, ME, MK JMBG', bare: /\d{13}/, strong: true, isOne: (v) => isDate6(v.slice(0, 2), v.slice(2, 4)) && by('RS', 'jmbg')(v) },
  { name: 'SI EMŠO', bare: /\d{13}/, strong: true, isOne: by('SI', 'emso') },
  { name: 'HU tax id', bare: /8\d{9}/, isOne: isHungarianTaxpayer },
  { name: 'GR AMKA', bare: /\d{11}/, strong: true, isOne: by('GR', 'amka') },
  { name: 'GR AFM', bare: /\d{9}/, isOne: by('GR', 'vat') },
  { name: 'FI HETU', written: /\d{6}[-+A-FU-Y]\d{3}[\dA-FHJ-NPR-Y]/i, isOne: by('FI', 'hetu') },
  {
    name: 'SE personnummer',
    written: /(?:19|20)?\d{6}[-+]\d{4}/,
    bare: /(?:19|20)\d{10}|\d{10}/,
    strong: true,
    isOne: (v) => by('SE', 'personnummer')(v.includes('-') || v.includes('+') ? v : `${v.slice(0, -4)}-${v.slice(-4)}`),
  },
  { name: 'NO fødselsnummer', written: /\d{6} \d{5}/, bare: /\d{11}/, strong: true, isOne: by('NO', 'fodselsnummer') },
  { name: 'DK CPR', written: /\d{6}-\d{4}/, bare: /\d{10}/, isOne: (v) => isDate6(v.slice(0, 2), v.slice(2, 4)) },
  { name: 'IS kennitala', written: /\d{6}-\d{4}/, bare: /\d{10}/, strong: true, isOne: by('IS', 'kennitala') },
  { name: 'EE isikukood', bare: /[1-6]\d{10}/, strong: true, isOne: (v) => isDate6(v.slice(5, 7), v.slice(3, 5)) && by('EE', 'ik')(v) },
  { name: 'LT asmens kodas', bare: /[1-6]\d{10}/, strong: true, isOne: by('LT', 'asmens') },
  { name: 'LV personas kods', written: /\d{6}-\d{5}/, isOne: (v) => isDate6(v.slice(0, 2), v.slice(2, 4)) || by('LV', 'pvn')(v) },
  { name: 'IE PPS', written: /\d{7}[A-W][A-IW]?/i, isOne: by('IE', 'pps') },
  { name: 'TR kimlik', bare: /[1-9]\d{10}/, strong: true, isOne: by('TR', 'tckimlik') },
  { name: 'RU INN', bare: /\d{12}/, strong: true, isOne: by('RU', 'inn') },
  { name: 'RU SNILS', written: /\d{3}-\d{3}-\d{3}[- ]\d{2}/, bare: /\d{11}/, isOne: isSnils },
  { name: 'UA taxpayer', bare: /\d{10}/, isOne: isRntrc },
  { name: 'IN Aadhaar', written: /[2-9]\d{3}([- ])\d{4}\1\d{4}/, bare: /[2-9]\d{11}/, isOne: by('IN', 'aadhaar') },
  { name: 'IN PAN', written: /[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]/, isOne: by('IN', 'pan') },
  { name: 'KR RRN', written: /\d{6}-[1-8]\d{6}/, bare: /\d{6}[1-8]\d{6}/, strong: true, isOne: (v) => by('KR', 'rrn')(v) },
  { name: 'CN resident identity', written: /\d{17}X/i, bare: /\d{18}/, strong: true, isOne: by('CN', 'ric') },
  { name: 'TW identity', written: /[A-Z][1289]\d{8}/i, isOne: by('TW', 'natid') },
  { name: 'HK identity', written: /[A-Z]{1,2}\d{6} ?\([\dA]\)|[A-Z]{1,2}\d{6}[\dA]/i, isOne: by('HK', 'hkid') },
  { name: 'JP individual number', written: /\d{4}([- ])\d{4}\1\d{4}/, bare: /\d{12}/, label: /\bmy number\P{L}*$/u, isOne: isMyNumber },
  { name: 'SG NRIC', written: /[STFGM]\d{7}[A-Z]/i, isOne: isNric },
  { name: 'MY NRIC', written: /\d{6}-\d{2}-\d{4}/, bare: /\d{12}/, isOne: by('MY', 'nric') },
  {
    name: 'TH identity',
    written: /\d-\d{4}-\d{5}-\d{2}-\d|\d \d{4} \d{5} \d{2} \d/,
    bare: /[1-8]\d{12}/,
    isOne: (v) => by('TH', 'idnr')(onlyDigits(v)),
  },
  { name: 'PK CNIC', written: /\d{5}-\d{7}-\d/, isOne: by('PK', 'cnic') },
  { name: 'IL identity', written: /\d{8}-\d/, bare: /\d{9}/, isOne: (v) => by('IL', 'idnr')(onlyDigits(v)) },
  { name: 'ZA identity', written: /\d{6} \d{4} \d{3}/, bare: /\d{13}/, strong: true, isOne: by('ZA', 'idnr') },
  { name: 'BR CPF', written: /\d{3}\.\d{3}\.\d{3}[-/]\d{2}/, bare: /\d{11}/, strong: true, isOne: by('BR', 'cpf') },
  { name: 'AR CUIT', written: /\d{2}-\d{8}-\d/, bare: /\d{11}/, strong: true, isOne: by('AR', 'cuit') },
  { name: 'CL RUT', written: /\d{1,2}\.\d{3}\.\d{3}-[\dK]|\d{7,8}-[\dK]/i, isOne: (v) => by('CL', 'rut')(v.replaceAll('.', '')) },
  { name: 'MX CURP', written: /[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z\d]\d/i, isOne: by('MX', 'curp') },
  { name: 'MX RFC', written: /[A-ZÑ&]{4}\d{6}[A-Z\d]{3}/i, isOne: by('MX', 'rfc') },
  // many are written down without the homoclave that the tax office gave
  { name: 'MX RFC, named', bare: /[A-ZÑ&]{4}\d{6}[A-Z\d]{3}/i, isOne: (v) => isDate6(v.slice(8, 10), v.slice(6, 8)) },
  { name: 'EC cédula', written: /\d{9}-\d/, bare: /\d{10}/, isOne: by('EC', 'ci') },
  { name: 'CA SIN', written: /\d{3}-\d{3}-\d{3}/, bare: /\d{9}|\d{3} \d{3} \d{3}/, isOne: (v) => passesLuhn(onlyDigits(v)) },
  { name: 'AU TFN', bare: /\d{3} ?\d{3} ?\d{3}|\d{8}/, isOne: by('AU', 'tfn') },
  { name: 'AU Medicare', written: /[2-6]\d{3} \d{5} \d(?: ?\/? ?\d)?/, bare: /[2-6]\d{9}\d?/, isOne: isMedicare },
  { name: 'AU ABN', bare: /\d{2} \d{3} \d{3} \d{3}|\d{11}/, isOne: by('AU', 'abn') },
  { name: 'NZ IRD', written: /\d{2,3}-\d{3}-\d{3}/, bare: /\d{8,9}/, isOne: (v) => by('NZ', 'ird')(onlyDigits(v)) },
]
