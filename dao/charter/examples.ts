import type { CharterInput } from '../../schemas/wire/index.ts'
import type { Path } from './problem.ts'

/** The fields a person must write, with values that pass. */
export const exampleInput: CharterInput = {
  v: 1,
  name: 'open-texts',
  operator: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
  contact: 'mailto:crawler@example.org',
  purposes: ['training of open language models'],
}

/** Values to show for fields whose default says little, in YAML; `*` stands for any index or free key. */
const examples: Record<string, string> = {
  v: '1',
  name: 'open-texts',
  operator: `${exampleInput.operator}  # quern init prints yours`,
  contact: 'mailto:crawler@example.org',
  purposes: '[training of open language models]',
  'purposes.*': 'training of open language models',
  title: 'Open texts',
  description: 'Texts that their owners let machines learn from.',
  nonce: '"00ff"',
  schemas: '[web-page@1]',
  'schemas.*': 'web-page@1',
  pipelines: '[web-page@1/1]',
  'pipelines.*': 'web-page@1/1',
  selectors: '[{ name: shop, fields: [{ name: title, select: h1, type: string }] }]',
  'selectors.*': '{ name: shop, fields: [{ name: title, select: h1, type: string }] }',
  'selectors.*.name': 'shop',
  'selectors.*.version': '1',
  'selectors.*.each': 'li.product',
  'selectors.*.match': '{ hosts: [example.org], paths: [/products/] }',
  'selectors.*.match.hosts': '[example.org]',
  'selectors.*.match.hosts.*': 'example.org',
  'selectors.*.match.paths': '[/products/]',
  'selectors.*.match.paths.*': '/products/',
  'selectors.*.fields': '[{ name: title, select: h1, type: string }]',
  'selectors.*.fields.*': '{ name: title, select: h1, type: string }',
  'selectors.*.fields.*.name': 'title',
  'selectors.*.fields.*.select': 'h1.title',
  'selectors.*.fields.*.select.*': 'h1.title',
  'selectors.*.fields.*.attr': 'href',
  'selectors.*.fields.*.type': 'string',
  'selectors.*.fields.*.scale': '2',
  'selectors.*.fields.*.values': '[new, used]',
  'selectors.*.fields.*.values.*': 'new',
  'selectors.*.fields.*.required': 'true',
  'selectors.*.fields.*.many': 'true',
  'selectors.*.fields.*.maxLength': '4096',
  'selectors.*.fields.*.maxItems': '100',
  'selectors.*.fields.*.transforms': '[collapse, { do: extract, pattern: "([0-9]+) pieces" }]',
  'selectors.*.fields.*.transforms.*': '{ do: extract, pattern: "([0-9]+) pieces" }',
  'selectors.*.fields.*.transforms.*.do': 'collapse',
  'selectors.*.fields.*.transforms.*.zone': '"+01:00"',
  'selectors.*.examples': '[{ url: "https://example.org/p/1", html: "<h1>Chair</h1>", record: { title: Chair } }]',
  'selectors.*.examples.*': '{ url: "https://example.org/p/1", html: "<h1>Chair</h1>", record: { title: Chair } }',
  'selectors.*.examples.*.url': 'https://example.org/p/1',
  'selectors.*.examples.*.html': '"<h1>Chair</h1>"',
  'selectors.*.examples.*.file': 'pages/chair.html',
  'selectors.*.examples.*.records': '[{ title: Chair }]',
  'selectors.*.examples.*.records.*': '{ title: Chair }',
  'sources.seeds': '[https://example.org/]',
  'sources.seeds.*': 'https://example.org/',
  'sources.allowPrivate': '["127.0.0.0/8:8080"]',
  'sources.allowPrivate.*': '"127.0.0.0/8:8080"',
  'demand.rules': '[{ language: de, host: null, ppm: 1500000 }]',
  'demand.rules.*': '{ language: de, host: null, ppm: 1500000 }',
  'demand.rules.*.language': 'de',
  'demand.rules.*.host': 'example.org',
  'demand.rules.*.ppm': '1500000',
  'validators.listed': `[${exampleInput.operator}]`,
  'validators.listed.*': `${exampleInput.operator}  # quern init prints each its own`,
  'validators.quorum': '3',
  'contributors.quota': '{ newcomer: 1000, cap: 20000 }',
  quality: '{ endPunctuation: 250000 }',
  'quality.*': '250000',
  'credibility.basePpm.*': '30000',
  'release.languages': '[de, en]',
  'release.languages.*': 'de',
  'release.license': 'CC-BY-4.0',
  price: '{ asset: EUR, amount: "10000" }',
  'price.asset': 'EUR',
  'price.amount': '"10000"',
  consent: 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
}

/** A value for this field that a person may copy; undefined where only the default can tell. */
export function exampleOf(path: Path): string | undefined {
  const exact = path.map((step) => (typeof step === 'number' ? '*' : step))
  return own(exact.join('.')) ?? own([...exact.slice(0, -1), '*'].join('.'))
}

const own = (key: string): string | undefined => (Object.hasOwn(examples, key) ? examples[key] : undefined)
