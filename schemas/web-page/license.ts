/** What a page says it may be used under, mapped to SPDX ids, with where the statement stands. */
import spdxIds from 'spdx-license-ids/index.json' with { type: 'json' }
import { type Parts, relsOf } from './collect.ts'
import { jsonLdFact, jsonLdObjects } from './json-ld.ts'
import type { Json, WebPage } from './schema.ts'
import { asciiLower, fact } from './text.ts'
import { resolveUrl } from './url.ts'

type License = WebPage['license']

const byLowerId = new Map(spdxIds.map((id) => [asciiLower(id), id]))
const META = new Set(['dc.rights', 'dc.license', 'dcterms.license', 'dcterms.rights', 'license', 'copyright', 'rights'])
/** Licence pages that name their licence in the path. */
const KNOWN_URLS: [pattern: RegExp, id: string][] = [
  [/^https?:\/\/(?:www\.)?apache\.org\/licenses\/license-2\.0/, 'Apache-2.0'],
  [/^https?:\/\/(?:www\.)?gnu\.org\/(?:licenses\/fdl(?:-1\.3)?|copyleft\/fdl)\b/, 'GFDL-1.3-or-later'],
  [/^https?:\/\/(?:www\.)?gnu\.org\/licenses\/gpl(?:-3\.0)?\b/, 'GPL-3.0-or-later'],
  [/^https?:\/\/(?:www\.)?opendatacommons\.org\/licenses\/odbl\b/, 'ODbL-1.0'],
  [/^https?:\/\/(?:www\.)?opendatacommons\.org\/licenses\/by\b/, 'ODC-By-1.0'],
  [/^https?:\/\/(?:www\.)?opendatacommons\.org\/licenses\/pddl\b/, 'PDDL-1.0'],
  [/^https?:\/\/(?:www\.)?nationalarchives\.gov\.uk\/doc\/open-government-licence\/version\/3\b/, 'OGL-UK-3.0'],
  [/^https?:\/\/(?:www\.)?govdata\.de\/dl-de\/by-2-0\b/, 'DL-DE-BY-2.0'],
]

/** The strongest statement: rel=license, then schema.org, then meta, then a plain link to a Creative Commons licence. Null when there is none. */
export function licenseOf(parts: Parts, jsonLd: Json[]): License {
  return fromRel(parts) ?? fromStructured(parts, jsonLd) ?? fromMeta(parts) ?? fromPlainLink(parts)
}

/** SPDX id of a licence URL or name; null when it names none we know. */
export function spdxOf(statement: string): string | null {
  const text = asciiLower(statement.slice(0, 512).trim())
  return creativeCommons(text) ?? spdxPage(text) ?? KNOWN_URLS.find(([pattern]) => pattern.test(text))?.[1] ?? byLowerId.get(text) ?? null
}

function creativeCommons(text: string): string | null {
  const [, zone, kind = '', version = '', place = ''] =
    /(?:^|\/\/)(?:www\.|i\.)?creativecommons\.org\/(licenses|publicdomain|l)\/([a-z+-]{1,20})(?:\/(\d\.\d))?(?:\/([a-z]{2,3})(?=[/?#]|$))?/.exec(
      text,
    ) ?? []
  if (zone === undefined) return null
  if (kind === 'zero') return 'CC0-1.0'
  if (kind === 'mark') return byLowerId.get('cc-pdm-1.0') ?? null
  if (version === '') return null
  return byLowerId.get(`cc-${kind}-${version}-${place}`) ?? byLowerId.get(`cc-${kind}-${version}`) ?? null
}

function spdxPage(text: string): string | null {
  const id =
    /^https?:\/\/(?:www\.)?(?:spdx\.org\/licenses|opensource\.org\/licen[sc]es?|choosealicense\.com\/licenses)\/([a-z0-9.+-]{2,40}?)(?:\.html|\.json)?\/?$/.exec(
      text,
    )?.[1]
  return id === undefined ? null : (byLowerId.get(id) ?? null)
}

function licenseIn(text: string, base: string, evidence: string, isUrl: boolean): License {
  const url = isUrl || /^https?:\/\//i.test(text.trim()) ? resolveUrl(text, base) : null
  const spdx = spdxOf(url ?? text)
  return spdx === null && url === null ? null : { spdx, url, evidence }
}

function fromRel({ related, base }: Parts): License {
  for (const element of related) {
    const href = element.attr('href')
    if (href === undefined || !relsOf(element).includes('license') || /rsl\+xml/.test(element.attr('type') ?? '')) continue
    const found = licenseIn(href, base, `${element.name}[rel=license]`, true)
    if (found !== null) return found
  }
  return null
}

function fromStructured({ items, base }: Parts, jsonLd: Json[]): License {
  const text = jsonLdFact(jsonLdObjects(jsonLd), 'license')
  const found = text === null ? null : licenseIn(text, base, 'json-ld license', false)
  if (found !== null) return found
  for (const element of items) {
    if (element.attr('itemprop') !== 'license') continue
    const href = element.attr('href')
    const item = licenseIn(href ?? element.attr('content') ?? '', base, 'microdata license', href !== undefined)
    if (item !== null) return item
  }
  return null
}

function fromMeta({ metas, base }: Parts): License {
  for (const element of metas) {
    const key = asciiLower(element.attr('name') ?? element.attr('property') ?? '')
    if (!META.has(key)) continue
    const found = licenseIn(element.attr('content') ?? '', base, `meta ${fact(key, 50)}`, false)
    if (found !== null) return found
  }
  return null
}

function fromPlainLink({ anchors, base }: Parts): License {
  for (const element of anchors) {
    const href = element.attr('href') ?? ''
    if (element.name !== 'a' || !/creativecommons\.org\/(licenses|publicdomain)\//i.test(href.slice(0, 200))) continue
    const found = licenseIn(href, base, 'a[href]', true)
    if (found !== null && found.spdx !== null) return found
  }
  return null
}
