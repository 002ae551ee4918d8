/** The words around a number that say what it is. Stems, in the languages that exports come in; compared in lower case. */

const PHONE =
  /(?:\b(?:tel|tél(?!\p{L})|t[eé]l[eéè]?f|tel[eé]phone|phone|mobi[el]|mobil|cell|handy|ruf|anruf|call|ring|dial|reach(?!ed)|reached (?:at|on|by|via|under|through|anytime|any time)|text me|sms|fax|whats ?app|signal|telegram|viber|gsm|bel(?:len)?\b|m[oó]vil|celular|tel[eé]fono|chiam|cellulare|numero di tel|appel|portable|joign|ligu|liga|ligar|telem[oó]vel|telefone|telefon|kom[oó]rk|zadzwo|dzwo[nń]|num(?:er|m?er) tel|soita|puh\b|puhelin|ring meg|ring mig|volaj|zavolaj|zavolejte|cep|ara(?:y[iı]n)?\b|hotline|(?:my|new|his|her|our|your)(?: \w+)? number|contact number|number to reach|my number|numm?er (?:ist|is)|num[eé]ro(?! ?(?:n[°ºo]|(?:d(?:e|i|el|al|ella|elle|es|u|o|a) |d[’']|dell[’']|de l[’'])?(?:la |l[’'])?(?:command|suivi|client|compte|contrat|factur|dossier|s[eé]rie|r[eé]f|colis|pedido|cuenta|seguimiento|env[ií]o|registro|orden|ordin|fattur|conto|pratica|spedizion|tracking|carta|carte|tarjeta|cart[aã]o|s[eé]cu|p[oó]liza|polizza|ticket|billet|bigliett|reserv|r[eé]serv|prenotazion|encomenda|fatura|conta\b|processo|identi|contribu|fiscal|passap|pasap|passep|article|art[ií]culo|articolo|lot[eo]?\b|vuelo|vol\b|volo|page|p[aá]gin|version)))|tlf|mobitel|nazov|wa\.me\/|hubungi|telepon|hp\b|h[ií]v[jd]|zavolej|erreichbar|ll[aá]m)|(?:тел|звон|моб|телефон|номер(?!\p{L}{0,2} (?:заказ|сч[её]т|договор|паспорт|полис|брон|накладн|трек|посылк|отправлен|документ|дела|карт|рейс|билет|парт|верс|инн|снилс)))|(?:電話|携帯|电话|手机|手機|連絡先|联系|聯絡|拨打|撥打|致电|致電|打给|打給)|(?:전화|휴대|연락|(?<!문|송장|예약|계좌|등록|민)번호(?:는|은|가|이)?[\s:]*$)|(?:फ़ोन|फोन|मोबाइल|नंबर)|(?:هاتف|جوال|اتصل|رقم)|(?:טל[׳’']|טלפון|נייד|תתקשר|התקשר)|(?:โทร|เบอร์)|τηλ|κινητ|κ[αά]λεσ|π[αά]ρε με|điện thoại|gọi|sđt|(?<!\p{L})đt)/u
const OTHERWISE =
  /(?:\b(?:order|tracking|track|parcel|shipment|invoice|inv|ticket|isbn(?:[ -]?1[03])?|issn|ean|upc|sku|imei|serial|version|ver|build|firmware|release|rev|section|chapter|page|part|model|article|item|batch|lot|case|ref(?:erence)?|doi|commit|hash|timestamp|epoch|unix time|(?:confirmation|booking|reservation)(?=s?[\s:.#-]*(?:no|nr|num|number|code|id|ref|#))|vertrags?(?:nummer|nr)|transa[ck]t\p{L}*(?=[\s:.#-]*(?:id|no|nr|num|code|#))|gtin|barcode|(?:customer|client|member(?:ship)?|contract)(?= (?:no|num|id))|kunden(?:nummer|nr)|beställningsn|objednávk\p{L}{1,2}(?=[\s:.#-]*č)|rendelés(?:i |s)|zip|plz(?=:)|postal|postcode|art(?=[.\s-]*(?:nr|no|n[°º])\b)|(?<!(?:en|ce|au|le|tout|ton|mon) )cas(?=\s?(?:no|nr|number|#|:))|population|views?|followers|subscribers|bestell(?:ung|nummer|nr)?|auftrag|rechnung(?:snummer|snr)?|sendung(?:snummer)?|artikel(?:nummer)?|aktenzeichen|kapitel|seite|commande|facture|colis|suivi|pedido|factura|env[ií]o|seguimiento|ordine|fattura|spedizione|bestelling|factuur|zending|zam[oó]wieni[ea]|faktur[ay]?|przesy[lł]k[aię]|fatura|encomenda|tilaus|lasku|ordre|sipari[sş])|(?:заказ|счет|счёт|версия|трек)|(?:(?:注文|订单)(?:番号|番號|号|單號|单号)?|訂單|單號|单号|(?:追跡|お問い合わせ)番号)|(?:주문|송장)(?:번호)?)[\p{L}\p{N}_]*(?:[\s:.#№-]*(?:no|nr|num|number|nummer|n[°ºo]|id|code|is|ist|est|es|è|lautet|the|#)(?=[\s:.#№-]))*[\s:.#№(„"'«-]*$/u
/** Last the short ones, which are words of some language as well: they stand right before the number. */
const PERSONAL =
  /(?:\b(?:(?<!\b(?:user|account|acct|order|transaction|session|device|product|item|message|msg|post|video|channel|chat|event|request|job|task|ticket|case|build|commit|tracking|parcel|shipment|booking|customer|client|member|group|page|thread|tweet|comment|app|game|player|steam|discord|team|room|meeting|zoom|conference|call|invoice|payment|process|trace|record|article|document|file|image)[ _-])id|i\.d\.|ssn|social security|social insurance|national|identity|ident|identification|personal|taxpayer|tax|nin|nip|tin|nino|nhs|npi|itin|aba|routing|medicare|tfn|abn|insurance|passport|license|licence|aadhaar|aadhar|uidai|bsn|burgerservice|sofi|steuer|steuer-?id|idnr|sozialversicherung|versicherung|ausweis|personalausweis|sv-?nummer|svnr|ahv|avs|nif|dni|nuss|cif|cpf|cnpj|rut|cuit|cuil|curp|rfc|nss|codice|fiscale|insee|s[eé]cu|s[eé]curit[eé] sociale|num[eé]ro de s|nir|spi|fiscal|identificaci[oó]n|identidad|c[eé]dula|contribuinte|cidad[aã]o|pesel|dow[oó]d|osobist|rodn[eéaá]|rodn[ée] [cč][ií]slo|cnp|egn|oib|jmbg|emso|emšo|isikukood|asmens|personas kods|hetu|henkil[oö]|personnummer|person(?:nr|nummer)|samordning|f[oø]dsel|cpr|kennitala|kimlik|tckn|t\.?c\.?|amka|afm|teudat|nric|hkid|rrn|mynumber|citizen|resident|snils|social|rijksregister|insz|registre national)\b|(?:стил|рнокпп|инн|снилс|егн|паспорт|іпн)|(?:身份证|身份證|身分證|マイナンバー|個人番号)|(?:주민)|(?:आधार|पैन)|(?:هوية|الوطني)|(?:ת\.?ז|תעודת זהות|מספר זהות)|(?:ประชาชน)|(?:αμκα|αφμ))|\b(?:steuer|burgerservice|sozialversicherung|versicherten|rentenversicherung|identif|identit|identid|tax|contribuinte|personnummer|person(?:al)?[ -]?(?:code|num|id)|kimli[kğ]|henkilö|fiscal|rijksregister|osobist|isikukood|national|passport|aadha|citizen|social|fødsel|rodn|ad[oó]azonos|ad[oó]jel|sofi-?nummer|uid\b|ird\b|mykad|ic num|kad pengenalan|(?:c\.?i|nas|kp|ic|sin|pan|nie|rg|run|c\.?f|fin|inn|nn)(?:(?:\s\p{L}{1,14}){1,2}:\s*$|(?:[\s.:=#º°-]|\([^()]{0,24}\)|\b(?:no|nr|n|num|number|numero|número|is|ist|est|es|è|é|lautet|to|card)(?![\p{L}]))*$))/u
const CARD =
  /\b(?:card|credit|debit|visa|master|amex|karte|kredit|carte|tarjeta|carta|cart[aã]o|kaart|kart[aęy]?|kort|kortti)|карт|卡|カード|카드|कार्ड/u

/**
 * Where a sentence, a row or a field ends and another begins, of two words or more: words behind it speak of what follows. An abbreviation's
 * point ends nothing, nor do a label's line and the dash behind it.
 */
const ENDS =
  /(?:(?:(?<!(?<!\p{L})\p{L}{1,4})\.\s+(?!\P{L}{0,12}\p{Ll})|[!?;]\s+|(?<=[\d.!?;,)]\s*)[\n\t|]\s*|(?<=\d\)?)\s[/-]\s)(?=[^\p{L}\d]{0,12}\p{L}+[^\p{L}\d]+\p{L})|[。！？；]\s*(?=[^\p{L}\d]{0,12}\p{L}))/gu
/** Another number, and what stands behind it. */
const NUMBER = /\d(?:[ .\-/()]{0,2}\d){4,}(?:[a-z](?!\p{L}))?/giu
const EXTENSION = /^\s?(?:x|ext\.?|extension|#)\s?\d{1,6}(?!\d)/
const DATE = /^(?:\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2})(?: \d{1,2})?$/
/** What joins two numbers of one kind; any other word begins something new. */
const JOINED =
  /^\P{L}*(?:(?:or|and|oder|und|ou|et|y|e|o|of|en|then|until|dann|bis|puis|luego|poi|og|och|eller|lub|i|или|и|або|й|veya|ve|tai|ja|nebo|a|sau|și|vagy|és|ή|και|和|或|と|や|at|my|home|work|office|house|privat\p{L}*|dienstlich|geschäftlich|casa|trabajo|ufficio|lavoro|bureau|maison|domicile|thuis|werk|dom|praca|arbete|hem|hjem|arbeid|дом\p{L}*|раб\p{L}*)\P{L}+){0,3}$/u
/** One of a list, with the name of whose it is: `Ana 6125 8199, Bo 6125 8200`. */
const LISTED = /^\s*(?:\([^()]{0,16}\)\s*)?(?:[,;/|&+\n]|and|or|und|oder|et|ou|y|e|o|i|и)\s*(?:\p{L}+[\s.:-]+){1,2}$/u

const before = (text: string, start: number, units: number): string => text.slice(Math.max(0, start - units), start)

/** The words before a number that may speak of it: those since the last sentence, row or other number ended. In lower case. */
function wordsBefore(text: string, start: number, units: number): string {
  const window = before(text, start, units)
  let from = 0
  for (const { 0: end, index } of window.matchAll(ENDS)) from = index + end.length
  const numbers = [...window.matchAll(NUMBER)].filter(({ 0: number }) => !DATE.test(number))
  for (const [i, { 0: number, index }] of numbers.entries()) {
    const behind = index + number.length
    if (behind > from && !continues(window.slice(behind, numbers[i + 1]?.index).toLowerCase())) from = behind
  }
  return window.slice(from).toLowerCase()
}

/** Whether what is between two numbers leaves the word before the first to the second. */
function continues(between: string): boolean {
  const gap = between.replace(EXTENSION, '')
  if (/\.\s/.test(gap)) return false
  return JOINED.test(gap) || (LISTED.test(gap) && ![PHONE, PERSONAL, CARD, OTHERWISE].some((kind) => kind.test(gap)))
}

/** `Phone: `, `my number is ` before another number. */
const LEADS_ON = /(?:\p{L}+\P{L}*[:=#]|(?:\p{L}+\s+){0,2}(?<!\p{L})(?:is|at|on|ist|est|es|è|är|er|unter))\s*$/u

/** The words behind a number, up to where its sentence or row ends or another number stands, less what leads on to that one. In lower case. */
function wordsAfter(text: string, end: number, units: number): string {
  const window = text.slice(end, end + units + 24).toLowerCase()
  const next = [...window.matchAll(NUMBER)].find(({ 0: number }) => !DATE.test(number))?.index
  const words = window.slice(0, Math.min(units, next ?? units))
  if (next === undefined) return words.split(/[.!?;]\s|[\n\t|。！？；]/u, 1)[0] ?? ''
  return words.split(/[.,!?;\n\t|/。！？；]|\s-\s/u, 1)[0]?.replace(LEADS_ON, '') ?? ''
}

/** Something near says that it is a telephone number. */
export function saysPhone(text: string, start: number, end: number): boolean {
  return saysPhoneBefore(text, start) || PHONE.test(wordsAfter(text, end, 24))
}

export function saysPhoneBefore(text: string, start: number): boolean {
  return PHONE.test(wordsBefore(text, start, 48))
}

/** Words that are a label of one kind of number only. */
export function saysLabel(label: RegExp, text: string, start: number): boolean {
  return label.test(wordsBefore(text, start, 48))
}

/** Something near says that it names a person to an authority. */
export function saysPersonal(text: string, start: number, end: number): boolean {
  return PERSONAL.test(wordsBefore(text, start, 48)) || PERSONAL.test(wordsAfter(text, end, 28))
}

export function saysCard(text: string, start: number, end: number): boolean {
  return CARD.test(wordsBefore(text, start, 40)) || CARD.test(wordsAfter(text, end, 24))
}

/** The word right before, or one before `number`, `is` and the like, says that it is something else: an order, an ISBN, a version. */
export function saysOtherwise(text: string, start: number): boolean {
  const words = before(text, start, 32).toLowerCase()
  if (!/[\p{L}\p{N}_°º#][\s:.#№(„"'«-]*$/u.test(words)) return false
  // the last word of the line before speaks of this one behind a colon only
  return OTHERWISE.test(words) && !/[^:\s]\s*\n[^\p{L}\p{N}]*$/u.test(words)
}
