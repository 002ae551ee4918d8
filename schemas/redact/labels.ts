/** The words around a number that say what it is. Stems, in the languages that exports come in; compared in lower case. */

const PHONE =
  /(?:\b(?:tel|t[eé]l[eéè]?f|tel[eé]phone|phone|mobi[el]|mobil|cell|handy|ruf|anruf|call|ring|dial|reach(?!ed)|text me|sms|fax|whats ?app|signal|telegram|viber|gsm|bel(?:len)?\b|m[oó]vil|celular|tel[eé]fono|chiam|cellulare|numero di tel|appel|portable|joign|ligu|liga|ligar|telem[oó]vel|telefone|telefon|kom[oó]rk|zadzwo|dzwo[nń]|num(?:er|m?er) tel|soita|puh(?:elin)?\b|ring meg|ring mig|volaj|zavolaj|zavolejte|cep|ara(?:y[iı]n)?\b|hotline|(?:my|new|his|her|our|your)(?: \w+)? number|contact number|number to reach|my number|numm?er (?:ist|is)|num[eé]ro(?: (?:est|es|è|c[’']est|le|là|perso\w*))*[\s:.=-]*$|tlf|mobitel|nazov|wa\.me\/|hubungi|telepon|hp\b|h[ií]v[jd]|zavolej|erreichbar|ll[aá]m)|(?:тел|звон|моб|телефон|номер(?: (?:это|вот|мой))*[\s:.=-]*$)|(?:電話|携帯|电话|手机|手機|連絡先|联系|聯絡|拨打|撥打|致电|致電|打给|打給)|(?:전화|휴대|연락|(?<!문|송장|예약|계좌|등록|민)번호(?:는|은|가|이)?[\s:]*$)|(?:फ़ोन|फोन|मोबाइल|नंबर)|(?:هاتف|جوال|اتصل|رقم)|(?:טל[׳’']|טלפון|נייד|תתקשר|התקשר)|(?:โทร|เบอร์)|τηλ|κινητ|κ[αά]λεσ|π[αά]ρε με|điện thoại|gọi|sđt|(?<!\p{L})đt)/u
const OTHERWISE =
  /(?:\b(?:order|tracking|track|parcel|shipment|invoice|inv|ticket|isbn(?:[ -]?1[03])?|issn|ean|upc|sku|imei|serial|version|ver|build|firmware|release|rev|section|chapter|page|part|model|article|item|batch|lot|case|ref(?:erence)?|doi|commit|hash|timestamp|epoch|unix time|confirmation|booking|reservation|vertrags?(?:nummer|nr)|transa[ck]t|gtin|barcode|(?:customer|client|member(?:ship)?|contract)(?= (?:no|num|id))|kunden(?:nummer|nr)|beställning|objedn|rendel|zip|plz|postal|postcode|art(?=[.\s-]*(?:nr|no|n[°º])\b)|cas(?=[\s:.#-]*(?:no|nr|number|$))|population|views?|followers|subscribers|bestell(?:ung|nummer|nr)?|auftrag|rechnung(?:snummer|snr)?|sendung(?:snummer)?|artikel(?:nummer)?|aktenzeichen|kapitel|seite|commande|facture|colis|suivi|pedido|factura|env[ií]o|seguimiento|ordine|fattura|spedizione|bestelling|factuur|zending|zam[oó]wieni[ea]|faktur[ay]?|przesy[lł]k[aię]|fatura|encomenda|tilaus|lasku|ordre|sipari[sş])|(?:заказ|счет|счёт|версия|трек)|(?:注文|订单|訂單|單號|快递|追跡|お問い合わせ)(?:番号|番號|号|單號|单号)?|(?:주문|송장)(?:번호)?)[\p{L}\p{N}_]*(?:[\s:.#№-]*(?:no|nr|num|number|nummer|n[°ºo]|id|code|is|ist|est|es|è|lautet|the|#)(?=[\s:.#№-]))*[\s:.#№(„"'«-]*$/u
/** Last the short ones, which are words of some language as well: they stand right before the number. */
const PERSONAL =
  /(?:\b(?:(?:(?<!\p{L}[ _-])|(?<=\b(?:my|your|his|her|our|state|sa|rsa|photo|mein|mi|meu|mia) ))id|i\.d\.|ssn|social security|social insurance|national|identity|ident|identification|personal|taxpayer|tax|nin|nino|nhs|npi|itin|aba|routing|medicare|tfn|abn|insurance|passport|license|licence|aadhaar|aadhar|uidai|bsn|burgerservice|sofi|steuer|steuer-?id|idnr|sozialversicherung|versicherung|ausweis|personalausweis|sv-?nummer|svnr|ahv|avs|nif|dni|nuss|cif|cpf|cnpj|rut|cuit|cuil|curp|rfc|nss|codice|fiscale|insee|s[eé]cu|s[eé]curit[eé] sociale|num[eé]ro de s|nir|spi|fiscal|identificaci[oó]n|identidad|c[eé]dula|contribuinte|cidad[aã]o|pesel|dow[oó]d|osobist|rodn[eéaá]|rodn[ée] [cč][ií]slo|cnp|egn|oib|jmbg|emso|emšo|isikukood|asmens|personas kods|hetu|henkil[oö]|personnummer|person(?:nr|nummer)|samordning|f[oø]dsel|cpr|kennitala|kimlik|tckn|t\.?c\.?|amka|afm|afm|teudat|nric|hkid|rrn|mynumber|citizen|resident|snils|social|rijksregister|insz|registre national)\b|(?:стил|рнокпп|инн|снилс|егн|паспорт|іпн)|(?:身份证|身份證|身分證|マイナンバー|個人番号)|(?:주민)|(?:आधार|पैन)|(?:هوية|الوطني)|(?:ת\.?ז|תעודת זהות|מספר זהות)|(?:ประชาชน)|(?:αμκα|αφμ))|\b(?:steuer|burgerservice|sozialversicherung|versicherten|rentenversicherung|identif|identit|identid|tax|contribuinte|personnummer|person(?:al)?[ -]?(?:code|num|id)|kimli[kğ]|henkilö|fiscal|rijksregister|osobist|isikukood|national|passport|aadha|citizen|social|fødsel|rodn|ad[oó]azonos|ad[oó]jel|sofi-?nummer|uid\b|ird\b|mykad|ic num|kad pengenalan|(?:c\.?i|nas|kp|ic|sin|tin|pan|nie|rg|run|c\.?f|nip|fin|inn|nn)(?:[\s.:=#º°-]|\b(?:no|nr|n|num|number|numero|número|is|ist|est|es|è|é|lautet|to|card)(?![\p{L}]))*$)/u
const CARD =
  /\b(?:card|credit|debit|visa|master|amex|karte|kredit|carte|tarjeta|carta|cart[aã]o|kaart|kart[aęy]?|kort|kortti)|карт|卡|カード|카드|कार्ड/u

/** Where a sentence, a row or a field ends and another begins: words behind it speak of what follows. */
const ENDS = /(?:[.!?;]\s+|[\n\t|。！？；]\s*|\s[/–-]\s)(?=\P{L}{0,12}\p{L})/gu
/** Another number, and what stands behind it. */
const NUMBER = /\d(?:[ .\-/()]{0,2}\d){4,}/g
/** What joins two numbers of one kind; any other word begins something new. */
const JOINED =
  /^\P{L}*(?:or|and|oder|und|ou|et|y|e|o|of|en|og|och|eller|lub|i|или|и|або|й|veya|ve|tai|ja|nebo|a|sau|și|vagy|és|ή|και|和|或|と|や)?\P{L}*$/u

const before = (text: string, start: number, units: number): string => text.slice(Math.max(0, start - units), start).toLowerCase()
const after = (text: string, end: number, units: number): string => text.slice(end, end + units).toLowerCase()

/** The words before a number that may speak of it: those since the last sentence, row or other number ended. */
function wordsBefore(text: string, start: number, units: number): string {
  const window = before(text, start, units)
  let from = 0
  for (const { 0: end, index } of window.matchAll(ENDS)) from = index + end.length
  for (const { 0: number, index } of window.matchAll(NUMBER)) {
    const behind = index + number.length
    const gap = window.slice(behind)
    if (behind > from && (!JOINED.test(gap) || /[\n\t|]|\.\s/.test(gap))) from = behind
  }
  return window.slice(from)
}

/** The words behind a number, up to where its sentence or row ends; where another number follows, only those that a comma parts from it. */
function wordsAfter(text: string, end: number, units: number): string {
  const window = after(text, end, units + 24)
  const next = window.search(/\d{3}/)
  if (next < 0) return window.slice(0, units).split(/[.!?;]\s|[\n\t|。！？；]/u, 1)[0] ?? ''
  const comma = window.search(/[.,!?;\n\t|/。！？；]|\s-\s/u)
  return comma >= 0 && comma < next ? window.slice(0, Math.min(comma, units)) : ''
}

/** Something near says that it is a telephone number. */
export function saysPhone(text: string, start: number, end: number): boolean {
  return PHONE.test(wordsBefore(text, start, 48)) || PHONE.test(wordsAfter(text, end, 24))
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
  const words = before(text, start, 32)
  // the last word of the line before speaks of this one behind a colon only
  return OTHERWISE.test(words) && !/[^:\s]\s*\n[^\p{L}\p{N}]*$/u.test(words)
}
