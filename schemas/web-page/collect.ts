/** One walk over a page gathers what metadata, licence, links, structured data and permission are read from. */
import { isRslType } from '../permission/index.ts'
import type { Document, Element } from './dom.ts'
import type { ResolvedLink } from './links.ts'
import { SORTED } from './tags.ts'
import { asciiLower } from './text.ts'
import { resolveUrl } from './url.ts'
import { BYLINE, ITEM } from './vocabulary.ts'

/** All lists in document order. */
export interface Parts {
  /** What links are resolved against: the first `<base href>`, or the page's own address. */
  base: string
  metas: Element[]
  /** `a` and `area` with `href`. */
  anchors: Element[]
  /** `a`, `area` and `link` with `rel`. */
  related: Element[]
  jsonLd: Element[]
  /** RSL licences inside the page. */
  rsl: Element[]
  /** With `itemprop` or `itemscope`. */
  items: Element[]
  times: Element[]
  bylines: Element[]
  title: Element | null
  h1: Element | null
  /** See `links.ts`. */
  resolved?: ResolvedLink[]
}

const LD_JSON = /^application\/ld\+json\b/i

export function collect({ elements }: Document, url: string): Parts {
  const parts: Parts = {
    base: url,
    metas: [],
    anchors: [],
    related: [],
    jsonLd: [],
    rsl: [],
    items: [],
    times: [],
    bylines: [],
    title: null,
    h1: null,
  }
  let base: string | undefined
  for (const element of elements) {
    const { name, traits } = element
    if (name === 'h1') parts.h1 ??= element
    if ((traits & BYLINE) !== 0) parts.bylines.push(element)
    if ((traits & ITEM) !== 0) parts.items.push(element)
    if (name === 'title' && element.parent?.name !== 'svg') parts.title ??= element
    if (element.attributes.length === 0) continue
    if ((element.flags & SORTED) !== 0) sort(element, parts)
    else if (name === 'base') base ??= element.attr('href')
  }
  parts.base = resolveUrl(base ?? '', url) ?? url
  return parts
}

/** An element that is looked for by its name and its attributes. Apart from the walk over all: an engine compiles that again for each new case it meets. */
function sort(element: Element, parts: Parts): void {
  switch (element.name) {
    case 'a':
    case 'area':
      if (element.attr('href') !== undefined) parts.anchors.push(element)
      if (element.attr('rel') !== undefined) parts.related.push(element)
      break
    case 'link':
      if (element.attr('rel') !== undefined) parts.related.push(element)
      break
    case 'meta':
      parts.metas.push(element)
      break
    case 'script': {
      const type = element.attr('type') ?? ''
      if (LD_JSON.test(type)) parts.jsonLd.push(element)
      else if (isRslType(type)) parts.rsl.push(element)
      break
    }
    case 'time':
      if (element.attr('datetime') !== undefined) parts.times.push(element)
  }
}

/** The words of a `rel` attribute, lower case. */
export function relsOf(element: Element): string[] {
  return asciiLower((element.attr('rel') ?? '').slice(0, 256))
    .split(/[ \t\n\f\r]+/)
    .filter((word) => word !== '')
}
