/**
 * Sentences with what identifies a person in them, and where: made of templates in many languages by a seed. Values are made here by the
 * rules of their issuers, not by the code that finds them; a share of the sentences holds nothing but numbers that identify nobody.
 */

export interface Labelled {
  id: string
  text: string
  spans: { start: number; end: number; kind: string }[]
  /** People to look for, as an export would name them. */
  names: string[]
}

export class Dice {
  #state: number
  constructor(seed: number) {
    this.#state = seed >>> 0
  }
  /** mulberry32 */
  int(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % bound
  }
  of<T>(list: readonly T[]): T {
    return list[this.int(list.length)] as T
  }
  digits(count: number): string {
    return Array.from({ length: count }, () => String(this.int(10))).join('')
  }
  between(low: number, high: number): number {
    return low + this.int(high - low + 1)
  }
}

const pad = (value: number, width = 2): string => String(value).padStart(width, '0')
const sumOf = (digits: string, weights: number[]): number => weights.reduce((sum, weight, i) => sum + weight * Number(digits[i]), 0)

function luhnDigit(body: string): string {
  let sum = 0
  for (const [i, digit] of body.split('').toReversed().entries()) {
    const doubled = Number(digit) * (i % 2 === 0 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return String((10 - (sum % 10)) % 10)
}

function cardOf(dice: Dice): string {
  const [prefix, length] = dice.of<[string, number]>([
    ['4', 16],
    ['4', 16],
    ['51', 16],
    ['55', 16],
    ['2221', 16],
    ['37', 15],
    ['34', 15],
    ['6011', 16],
    ['3530', 16],
    ['36', 14],
    ['6304', 16],
  ])
  const body = prefix + dice.digits(length - prefix.length - 1)
  const digits = body + luhnDigit(body)
  const cut = (sizes: number[], mark: string): string => {
    let at = 0
    return sizes.map((size) => digits.slice(at, (at += size))).join(mark)
  }
  const sizes = length === 16 ? [4, 4, 4, 4] : length === 15 ? [4, 6, 5] : [4, 6, 4]
  return dice.of([digits, cut(sizes, ' '), cut(sizes, '-'), cut(sizes, ' ')])
}

const IBANS: Record<string, (dice: Dice) => string> = {
  DE: (d) => d.digits(18),
  FR: (d) => d.digits(23),
  NL: (d) => `${d.of(['ABNA', 'INGB', 'RABO'])}${d.digits(10)}`,
  ES: (d) => d.digits(20),
  IT: (d) => `${d.of(['X', 'A', 'K'])}${d.digits(22)}`,
  GB: (d) => `${d.of(['NWBK', 'BARC', 'LOYD'])}${d.digits(14)}`,
  PL: (d) => d.digits(24),
  PT: (d) => d.digits(21),
  SE: (d) => d.digits(20),
  CH: (d) => d.digits(17),
  AT: (d) => d.digits(16),
  TR: (d) => `${d.digits(5)}0${d.digits(16)}`,
}

function ibanOf(dice: Dice): string {
  const country = dice.of(Object.keys(IBANS))
  const body = (IBANS[country] as (d: Dice) => string)(dice)
  const numbers = `${body}${country}00`.replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))
  const check = 98n - (BigInt(numbers) % 97n)
  const iban = `${country}${pad(Number(check))}${body}`
  return dice.of([iban, iban.replace(/(.{4})(?=.)/g, '$1 '), iban.replace(/(.{4})(?=.)/g, '$1 ')])
}

const date = (dice: Dice): { y: number; m: number; d: number } => ({
  y: dice.between(1940, 2005),
  m: dice.between(1, 12),
  d: dice.between(1, 28),
})
const retry = (make: () => string | undefined): string => {
  for (;;) {
    const value = make()
    if (value !== undefined) return value
  }
}

/** National identifiers with check digits, each with words that people put before it. */
const IDS: Record<string, { words: string[]; make: (dice: Dice) => string }> = {
  PESEL: {
    words: ['PESEL', 'Mój PESEL to', 'numer PESEL:'],
    make: (dice) => {
      const { y, m, d } = date(dice)
      const body = `${pad(y % 100)}${pad(y >= 2000 ? m + 20 : m)}${pad(d)}${dice.digits(4)}`
      return body + String((10 - (sumOf(body, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10)
    },
  },
  DNI: {
    words: ['DNI', 'Mi DNI es', 'con DNI nº'],
    make: (dice) => {
      const n = dice.digits(8)
      return `${n}${dice.of(['', '-', ''])}${'TRWAGMYFPDXBNJZSQVHLCKE'.charAt(Number(n) % 23)}`
    },
  },
  BSN: {
    words: ['BSN', 'Mijn BSN is', 'burgerservicenummer'],
    make: (dice) =>
      retry(() => {
        const body = `${dice.between(1, 9)}${dice.digits(7)}`
        const check = sumOf(body, [9, 8, 7, 6, 5, 4, 3, 2]) % 11
        return check < 10 ? body + String(check) : undefined
      }),
  },
  IDNR: {
    words: ['Steuer-ID', 'Meine Steueridentifikationsnummer lautet', 'IdNr.'],
    make: (dice) =>
      retry(() => {
        const order = '0123456789'.split('').toSorted(() => dice.int(3) - 1)
        const [a, b] = [dice.int(10), dice.int(10)]
        order[a] = order[b] as string
        const body = order.join('')
        if (body.startsWith('0') || new Set(body).size !== 9) return undefined
        let product = 10
        for (const digit of body) {
          let sum = (Number(digit) + product) % 10
          if (sum === 0) sum = 10
          product = (sum * 2) % 11
        }
        const check = (11 - product) % 10
        const whole = body + String(check)
        return dice.of([whole, whole.replace(/^(..)(...)(...)(...)$/, '$1 $2 $3 $4')])
      }),
  },
  NIR: {
    words: ['numéro de sécurité sociale', 'NIR', 'Mon numéro de sécu est le'],
    make: (dice) => {
      const { y, m } = date(dice)
      const body = `${dice.between(1, 2)}${pad(y % 100)}${pad(m)}${pad(dice.between(1, 95))}${pad(dice.between(1, 900), 3)}${pad(dice.between(1, 900), 3)}`
      const key = pad(97 - (Number(body) % 97))
      return dice.of([body + key, `${body} ${key}`.replace(/^(.)(..)(..)(..)(...)(...) (..)$/, '$1 $2 $3 $4 $5 $6 $7')])
    },
  },
  CF: {
    words: ['codice fiscale', 'C.F.', 'Il mio codice fiscale è'],
    make: (dice) => {
      const { y, m, d } = date(dice)
      const letters = (): string => Array.from({ length: 3 }, () => dice.of('BCDFGLMNPRSTV'.split(''))).join('')
      const body = `${letters()}${letters()}${pad(y % 100)}${'ABCDEHLMPRST'.charAt(m - 1)}${pad(d + (dice.int(2) === 0 ? 0 : 40))}H${dice.digits(3)}`
      const odd: Record<string, number> = {
        0: 1,
        1: 0,
        2: 5,
        3: 7,
        4: 9,
        5: 13,
        6: 15,
        7: 17,
        8: 19,
        9: 21,
        A: 1,
        B: 0,
        C: 5,
        D: 7,
        E: 9,
        F: 13,
        G: 15,
        H: 17,
        I: 19,
        J: 21,
        K: 2,
        L: 4,
        M: 18,
        N: 20,
        O: 11,
        P: 3,
        Q: 6,
        R: 8,
        S: 12,
        T: 14,
        U: 16,
        V: 10,
        W: 22,
        X: 25,
        Y: 24,
        Z: 23,
      }
      const even = (c: string): number => (/\d/.test(c) ? Number(c) : c.charCodeAt(0) - 65)
      const sum = body.split('').reduce((total, c, i) => total + (i % 2 === 0 ? (odd[c] as number) : even(c)), 0)
      return body + String.fromCharCode(65 + (sum % 26))
    },
  },
  PNR: {
    words: ['personnummer', 'Mitt personnummer är', 'pnr'],
    make: (dice) => {
      const { y, m, d } = date(dice)
      const body = `${pad(y % 100)}${pad(m)}${pad(d)}${dice.digits(3)}`
      const short = `${body.slice(0, 6)}-${body.slice(6)}${luhnDigit(body)}`
      return dice.of([short, `${Math.floor(y / 100)}${short}`])
    },
  },
  HETU: {
    words: ['henkilötunnus', 'hetu', 'Henkilötunnukseni on'],
    make: (dice) => {
      const { y, m, d } = date(dice)
      const [birth, number] = [`${pad(d)}${pad(m)}${pad(y % 100)}`, pad(dice.between(2, 899), 3)]
      return `${birth}${y >= 2000 ? 'A' : '-'}${number}${'0123456789ABCDEFHJKLMNPRSTUVWXY'.charAt(Number(birth + number) % 31)}`
    },
  },
  CPF: {
    words: ['CPF', 'Meu CPF é', 'portador do CPF'],
    make: (dice) => {
      const body = dice.digits(9)
      const next = (digits: string): string => {
        const rest = (digits.split('').reduce((sum, digit, i) => sum + Number(digit) * (digits.length + 1 - i), 0) * 10) % 11
        return String(rest % 10)
      }
      const whole = body + next(body) + next(body + next(body))
      return dice.of([whole, whole.replace(/^(...)(...)(...)(..)$/, '$1.$2.$3-$4')])
    },
  },
  TCKN: {
    words: ['TC kimlik no', 'T.C. kimlik numaram', 'TCKN'],
    make: (dice) => {
      const body = `${dice.between(1, 9)}${dice.digits(8)}`
      const at = (i: number): number => Number(body[i])
      const tenth = ((((at(0) + at(2) + at(4) + at(6) + at(8)) * 7 - (at(1) + at(3) + at(5) + at(7))) % 10) + 10) % 10
      const last = (body.split('').reduce((sum, digit) => sum + Number(digit), 0) + tenth) % 10
      return `${body}${tenth}${last}`
    },
  },
  NHS: {
    words: ['NHS number', 'My NHS number is', 'NHS no.'],
    make: (dice) =>
      retry(() => {
        const body = dice.digits(9)
        const check = (11 - (sumOf(body, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11
        const whole = body + String(check)
        return check === 10 ? undefined : dice.of([whole, whole.replace(/^(...)(...)(....)$/, '$1 $2 $3')])
      }),
  },
  AADHAAR: {
    words: ['Aadhaar', 'my Aadhaar number is', 'आधार'],
    make: (dice) => {
      const d = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
        [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
        [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
        [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
        [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
        [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
        [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
        [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
        [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
      ]
      const p = [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
        [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
        [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
        [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
        [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
        [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
        [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
      ]
      const body = `${dice.between(2, 9)}${dice.digits(10)}`
      let c = 0
      for (const [i, digit] of body.split('').toReversed().entries()) c = d[c]?.[p[(i + 1) % 8]?.[Number(digit)] as number] as number
      const whole = body + String([0, 4, 3, 2, 1, 5, 6, 7, 8, 9][c])
      return dice.of([whole, whole.replace(/^(....)(....)(....)$/, '$1 $2 $3')])
    },
  },
  SIN: {
    words: ['SIN', 'social insurance number', 'My SIN is'],
    make: (dice) => {
      const body = `${dice.between(1, 7)}${dice.digits(7)}`
      const whole = body + luhnDigit(body)
      return dice.of([whole, whole.replace(/^(...)(...)(...)$/, '$1-$2-$3'), whole.replace(/^(...)(...)(...)$/, '$1 $2 $3')])
    },
  },
  RRN: {
    words: ['주민등록번호', '주민번호는'],
    make: (dice) => {
      const { y, m, d } = date(dice)
      const body = `${pad(y % 100)}${pad(m)}${pad(d)}${y >= 2000 ? dice.between(3, 4) : dice.between(1, 2)}${pad(dice.between(1, 90))}${dice.digits(3)}`
      const check = (11 - (sumOf(body, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10
      return `${body.slice(0, 6)}-${body.slice(6)}${check}`
    },
  },
  SSN: {
    words: ['SSN', 'my social security number is', 'Social Security No.'],
    make: (dice) =>
      `${dice.of([pad(dice.between(100, 665), 3), pad(dice.between(667, 898), 3)])}-${pad(dice.between(10, 99))}-${pad(dice.between(1000, 9999), 4)}`,
  },
}

const PHONES: ((dice: Dice) => string)[] = [
  (d) => `+1 ${d.of(['212', '415', '617', '305'])} ${d.between(200, 999)} ${d.digits(4)}`,
  (d) => `(${d.of(['212', '415', '617', '305'])}) ${d.between(200, 999)}-${d.digits(4)}`,
  (d) => `${d.of(['212', '415', '617', '305'])}-${d.between(200, 999)}-${d.digits(4)}`,
  (d) => `${d.of(['212', '415', '617', '305'])}.${d.between(200, 999)}.${d.digits(4)}x${d.digits(3)}`,
  (d) => `+49 ${d.of(['151', '160', '171', '176'])} ${d.digits(7)}`,
  (d) => `${d.of(['0151', '0160', '0171', '0176'])} ${d.digits(7)}`,
  (d) => `${d.of(['0151', '0171', '0176'])}${d.digits(7)}`,
  (d) => `${d.of(['030', '089', '040'])}/${d.between(20, 99)}${d.digits(5)}`,
  (d) => `0049 ${d.of(['151', '171'])} ${d.digits(7)}`,
  (d) => `${d.of(['06', '07'])} ${d.between(10, 89)} ${d.digits(2)} ${d.digits(2)} ${d.digits(2)}`,
  (d) => `+33 6 ${d.between(10, 89)} ${d.digits(2)} ${d.digits(2)} ${d.digits(2)}`,
  (d) => `01.${d.between(40, 59)}.${d.digits(2)}.${d.digits(2)}.${d.digits(2)}`,
  (d) => `07${d.of(['7', '8', '9'])}${d.digits(2)} ${d.digits(6)}`,
  (d) => `+44 7${d.of(['7', '8', '9'])}${d.digits(2)} ${d.digits(6)}`,
  (d) => `020 7${d.digits(3)} ${d.digits(4)}`,
  (d) => `+34 6${d.digits(2)} ${d.digits(3)} ${d.digits(3)}`,
  (d) => `+39 34${d.digits(1)} ${d.digits(7)}`,
  (d) => `06-${d.between(10, 59)}${d.digits(6)}`,
  (d) => `+48 5${d.digits(2)} ${d.digits(3)} ${d.digits(3)}`,
  (d) => `070-${d.between(200, 999)} ${d.digits(2)} ${d.digits(2)}`,
  (d) => `0532 ${d.between(200, 999)} ${d.digits(2)} ${d.digits(2)}`,
  (d) => `+90 532 ${d.between(200, 999)} ${d.digits(2)} ${d.digits(2)}`,
  (d) => `+55 11 9${d.between(5000, 9999)}-${d.digits(4)}`,
  (d) => `090-${d.between(1000, 9999)}-${d.digits(4)}`,
  (d) => `+91 9${d.digits(4)} ${d.digits(5)}`,
  (d) => `+7 9${d.of(['03', '16', '26'])} ${d.digits(3)}-${d.digits(2)}-${d.digits(2)}`,
]

/** Sentences around a telephone number, one with and one without a word for it. */
const SENTENCES: Record<string, string[]> = {
  phone: [
    'Call me at {phone} after six.',
    'My new number: {phone}',
    'You can text {phone} any time, it is the office.',
    'Ruf mich bitte unter {phone} an.',
    'Handy {phone}, aber erst ab Montag.',
    'Tel.: {phone}',
    'Appelle-moi au {phone} ce soir.',
    'Mon portable est le {phone}, merci.',
    'Llámame al {phone} mañana.',
    'Mi teléfono es {phone}.',
    'Chiamami al {phone} quando puoi.',
    'Bel me op {phone}, alsjeblieft.',
    'Zadzwoń pod {phone} po południu.',
    'Ring mig på {phone} i morgon.',
    'Beni {phone} numarasından ara.',
    'Me liga no {phone} depois.',
    '電話は {phone} です。',
    'Мой телефон {phone}, звони.',
    'WhatsApp {phone}',
    'Fax: {phone}.',
  ],
  email: [
    'Write to {email} if you like.',
    'Meine Adresse ist {email}.',
    'Mon adresse : {email}, à bientôt',
    'Escríbeme a {email}',
    'Scrivi a <{email}>, grazie.',
    'Mail {email}; of bel.',
    'Mój adres: {email}.',
    'メールは {email} まで。',
    'contact ({email}) or reply',
    'Пишите на {email}!',
    'E-posta: {email}',
  ],
  card: [
    'I paid with {card} yesterday.',
    'card number {card}, exp 09/27',
    'Meine Karte {card} läuft ab.',
    'La carte {card} est bloquée.',
    'Mi tarjeta {card} no funciona.',
    'La carta {card} è scaduta.',
    'kaart {card} kwijt',
    'Moja karta {card} nie działa.',
    'Cartão {card}, por favor.',
    'My order was charged to {card} twice.',
    'カード番号 {card}',
    'visa {card}',
  ],
  iban: [
    'Please pay to {iban} today.',
    'Meine IBAN lautet {iban}, danke.',
    'Virement sur {iban} demain',
    'Haz la transferencia a {iban}.',
    'Bonifico su {iban} entro venerdì',
    'Overmaken naar {iban} graag.',
    'Przelew na {iban}.',
    'IBAN: {iban}',
    'Hesap {iban} adına',
  ],
  ip: [
    'The server {ip} is down again.',
    'Login from {ip} at 10:30',
    'Mein Router hat {ip}.',
    'Adresse IP {ip} bloquée',
    'conexión desde {ip}, rara',
    'ping {ip}',
    '{ip} - - [10/Oct/2023:13:55:36] "GET /"',
    'IP: {ip}.',
  ],
  id: ['{idword} {id}', '{idword} {id}.', 'Form: {idword} {id}, signed.', '({idword} {id})'],
  person: [
    'I met {person} at the mill.',
    '{person} said it was fine.',
    'Ich habe {person} gesehen.',
    'Hier, avec {person}, nous avons ri.',
    'Ayer vi a {person} en el mercado.',
    'Ho parlato con {person} ieri.',
    'Met {person} naar de markt.',
    'Spotkałem się z {person} wczoraj.',
    'Igår åt jag med {person}.',
    '昨日{cjk}と話した。',
    'We, {person} and I, agree.',
    "That is {person}'s bread.",
    'Thanks @{handle}, great!',
    'cc {handle}: look at this',
    'Danke an {handle} für das Mehl',
    'Вчера видел {person}.',
  ],
  none: [
    'The order {order} was shipped on {date}.',
    'Rechnung {order} vom {date}',
    'ISBN {isbn} is out of print.',
    'Version {version} fixes it.',
    'It cost {price} in {year}.',
    'Population {thousands} in {year}.',
    'We met at {time} on {date}.',
    'Treffen um {time}, Raum {small}',
    'Room {small}, floor {small}, seat {small}',
    'The years {year}-{year} were dry.',
    'Chapter {small}.{small}.{small} explains it.',
    'Facture n° {order} du {date}',
    'Il est né en {year} à Lyon.',
    'Score {small}:{small} after {small} minutes',
    '{thousands} views in {small} hours',
    'Kilometre {decimal} of the road',
    'Pedido {order} de {date}',
    'commit {hash} breaks it',
    'Tracking {order}',
    'temperature {decimal} °C at {time}',
    'It weighs {decimal} kg.',
    'La ricetta: {small} g di farina, {small} ml d’acqua',
    'Bus {small} at {time}, platform {small}',
    'W {year} roku było {thousands} osób.',
    '{year}年{small}月に会いました。',
    'https://example.org/page/{small}',
    'This token was lost, and the password is forgotten.',
    'Will may go in May, and Mark the grade in red.',
    'The rose and the lily; faith and hope',
    'A resolution of 1920x1080 at 60 Hz',
    'timestamp {epoch}',
    'lot {order}, part {small}',
    'a ratio of {small}/{small}',
    'coordinates {decimal}, {decimal}',
    'iOS {small}.{small}.{small} came out on {date}',
    'Nur {price} im Angebot',
    'Seit {date} geschlossen',
    'del {date} al {date}',
    'phone model {small}, {small} GB',
    'call for papers by {date}',
  ],
}

const GIVEN = [
  'Anna',
  'Lukas',
  'Zoë',
  'Jürgen',
  'Marta',
  'Piotr',
  'Ingrid',
  'Søren',
  'Chloé',
  'Mehmet',
  'Ayşe',
  'João',
  'Giulia',
  'Pablo',
  'Nils',
  'Fatima',
  'Kwame',
  'Svetlana',
  'Bo',
  'Oscar',
]
const FAMILY = [
  'Lindqvist',
  'Müller-Hartmann',
  'Kowalska',
  'Øvergård',
  'Dubois',
  'Yıldırım',
  'Carvalho',
  'Bianchini',
  'Okonkwo',
  'Petrova',
  'van den Berg',
  'O’Connor',
  'Echeverría',
  'Haugen',
  'Novák',
  'Sørensen',
]
const CJK = ['王小明', '佐藤花子', '김민준', '李雪梅']

function slotFilled(slot: string, dice: Dice): { text: string; kind?: string } {
  const { y, m, d } = date(dice)
  switch (slot) {
    case 'phone':
      return { text: dice.of(PHONES)(dice), kind: 'phone' }
    case 'card':
      return { text: cardOf(dice), kind: 'card' }
    case 'iban':
      return { text: ibanOf(dice), kind: 'iban' }
    case 'email': {
      const who = dice.of(['ida', 'j.doe', 'bo_lindqvist', 'müller', 'a-b', 'info+mill', 'x99', 'ana.maría'])
      return {
        text: `${who}${dice.of(['', String(dice.int(100))])}@${dice.of(['example', 'mill-house', 'posteo', 'mail.example', 'bücher'])}.${dice.of(['org', 'com', 'de', 'co.uk', 'museum', 'fr'])}`,
        kind: 'email',
      }
    }
    case 'ip':
      return dice.int(4) === 0
        ? {
            text: dice.of([
              `2001:db8:${dice.int(9999)}::${dice.between(1, 999)}`,
              `fe80::${dice.between(1, 9)}${dice.of(['a', 'b', 'ff'])}${dice.between(1, 9)}:1`,
              `2a00:1450:4001:81${dice.int(9)}::200e`,
            ]),
            kind: 'ip',
          }
        : { text: `${dice.between(1, 223)}.${dice.int(256)}.${dice.int(256)}.${dice.between(1, 254)}`, kind: 'ip' }
    case 'order':
      return {
        text: dice.of([
          `${dice.between(1, 9)}${dice.digits(7)}`,
          `${dice.digits(3)}-${dice.digits(7)}-${dice.digits(7)}`,
          `A${dice.digits(6)}`,
          `${dice.between(1, 9)}${dice.digits(9)}`,
          `${dice.between(1, 9)}${dice.digits(11)}`,
          `RE-${y}-${dice.digits(5)}`,
        ]),
      }
    case 'isbn':
      return { text: `978-${dice.int(10)}-${dice.digits(4)}-${dice.digits(4)}-${dice.int(10)}` }
    case 'version':
      return { text: `${dice.int(20)}.${dice.int(20)}.${dice.int(300)}.${dice.int(99)}` }
    case 'price':
      return {
        text: dice.of([
          `${dice.int(99)}.${dice.digits(2)} €`,
          `$${dice.between(1, 9)},${dice.digits(3)}.00`,
          `${dice.between(1, 9)}.${dice.digits(3)},00 EUR`,
        ]),
      }
    case 'thousands':
      return {
        text: dice.of([
          `${dice.between(1, 99)} ${dice.digits(3)} ${dice.digits(3)}`,
          `${dice.between(1, 99)}.${dice.digits(3)}.${dice.digits(3)}`,
          `${dice.between(1, 999)},${dice.digits(3)}`,
        ]),
      }
    case 'date':
      return {
        text: dice.of([
          `${y}-${pad(m)}-${pad(d)}`,
          `${pad(d)}.${pad(m)}.${y}`,
          `${d}/${m}/${y}`,
          `${y}/${pad(m)}/${pad(d)}`,
          `${d}-${m}-${y}`,
        ]),
      }
    case 'time':
      return { text: `${pad(dice.int(24))}:${pad(dice.int(60))}${dice.of(['', `:${pad(dice.int(60))}`])}` }
    case 'year':
      return { text: String(dice.between(1900, 2024)) }
    case 'decimal':
      return { text: `${dice.of(['', '-'])}${dice.int(180)}.${dice.digits(dice.between(1, 5))}` }
    case 'hash':
      return { text: Array.from({ length: 40 }, () => dice.of('0123456789abcdef'.split(''))).join('') }
    case 'epoch':
      return { text: `17${dice.digits(8)}` }
    default:
      return { text: String(dice.int(100)) }
  }
}

/** `count` sentences of a seed: seven of ten hold something, the others nothing. */
export function labelledSet(seed: number, count: number): Labelled[] {
  const dice = new Dice(seed)
  const kinds = [
    'phone',
    'phone',
    'email',
    'card',
    'card',
    'iban',
    'ip',
    'id',
    'id',
    'id',
    'person',
    'person',
    'person',
    'none',
    'none',
    'none',
    'none',
    'none',
    'none',
  ]
  return Array.from({ length: count }, (_, i) => {
    const template = dice.of(SENTENCES[dice.of(kinds)] as string[])
    const given = dice.of(GIVEN)
    const family = dice.of(FAMILY)
    const handle = `${given
      .normalize('NFD')
      .replace(/[^A-Za-z]/g, '')
      .toLowerCase()}${dice.of(['_', '.', ''])}${dice.of(['mill', 'bread', 'x'])}${dice.int(1000)}`
    const cjk = dice.of(CJK)
    const id = IDS[dice.of(Object.keys(IDS))] as (typeof IDS)[string]
    const spans: Labelled['spans'] = []
    let text = ''
    for (const part of template.split(/(\{\w+\})/)) {
      const slot = /^\{(\w+)\}$/.exec(part)?.[1]
      let said: { text: string; kind?: string } = { text: part }
      if (slot === 'idword') said = { text: dice.of(id.words) }
      else if (slot === 'id') said = { text: id.make(dice), kind: 'national-id' }
      else if (slot === 'person')
        said = { text: dice.of([`${given} ${family}`, `${given} ${family}`, given, `${given} ${family}`.toUpperCase()]), kind: 'person' }
      else if (slot === 'cjk') said = { text: cjk, kind: 'person' }
      else if (slot === 'handle') said = { text: handle, kind: 'person' }
      else if (slot !== undefined) said = slotFilled(slot, dice)
      if (said.kind !== undefined) spans.push({ start: text.length, end: text.length + said.text.length, kind: said.kind })
      text += said.text
    }
    return {
      id: `s${i}`,
      text,
      spans,
      names: [`${given} ${family}`, `@${handle}`, cjk, dice.of(['Will May', 'Rose Marsh', 'Mark Lang', 'Hope Young'])],
    }
  })
}

export interface Score {
  kind: string
  gold: number
  /** At least 80 % of the span was covered. */
  found: number
}

/** Per kind what was found, and the found spans that touch nothing labelled. */
export function scoreOf(
  set: readonly Labelled[],
  find: (one: Labelled) => { start: number; end: number; kind: string }[],
): {
  scores: Score[]
  predicted: number
  wrong: { text: string; part: string; kind: string }[]
  missed: { text: string; part: string; kind: string }[]
} {
  const scores = new Map<string, Score>()
  const wrong: { text: string; part: string; kind: string }[] = []
  const missed: typeof wrong = []
  let predicted = 0
  for (const one of set) {
    const spans = find(one)
    predicted += spans.length
    for (const gold of one.spans) {
      const score = scores.get(gold.kind) ?? { kind: gold.kind, gold: 0, found: 0 }
      scores.set(gold.kind, score)
      score.gold++
      const covered = spans.reduce((sum, { start, end }) => sum + Math.max(0, Math.min(end, gold.end) - Math.max(start, gold.start)), 0)
      if (covered * 5 >= (gold.end - gold.start) * 4) score.found++
      else missed.push({ text: one.text, part: one.text.slice(gold.start, gold.end), kind: gold.kind })
    }
    for (const { start, end, kind } of spans)
      if (!one.spans.some((gold) => gold.start < end && start < gold.end))
        wrong.push({ text: one.text, part: one.text.slice(start, end), kind })
  }
  return { scores: [...scores.values()].toSorted((a, b) => (a.kind < b.kind ? -1 : 1)), predicted, wrong, missed }
}
